import { project } from 'larderjs';

export default project('shop', { allowedHosts: ['cdn.example.com', '*.images.example.net'] });
