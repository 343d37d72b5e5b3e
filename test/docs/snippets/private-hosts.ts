import { project } from 'larderjs';

export default project('shop', { allowedHosts: ['minio.internal:9000', '10.0.0.5:9000'] });
