import { testContract } from '../fixtures/contract.ts';
import { stockSql } from './fixtures/stock.ts';

testContract(stockSql);
