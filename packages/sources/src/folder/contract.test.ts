import { testContract } from '../fixtures/contract.ts';
import { stockFolder } from './fixtures/stock.ts';

testContract(stockFolder);
