import { project } from 'larder';

export default project('shop', { allowedHosts: ['cdn.example.com', '*.images.example.net'] });
