import type { Colour } from '../pictures/colour.ts';
import type { FontName } from '../pictures/fonts.ts';

export type ProductName =
  | 'cup' | 'suitcase' | 'sneaker' | 'headphones' | 'armchair' | 'plant'
  | 'book' | 'phone' | 'fruit' | 'bicycle' | 'bottle' | 'gamepad'; // prettier-ignore

export type SceneName = 'mountains' | 'sea' | 'city' | 'bokeh' | 'wood' | 'room' | 'leaves';

export interface Palette {
  readonly background: Colour;
  readonly surface: Colour;
  readonly accent: Colour;
  /** Main and second colour of the product. */
  readonly product: readonly [Colour, Colour];
}

/** What one advertiser's ads have in common. */
export interface Campaign {
  readonly id: string;
  readonly brand: string;
  readonly product: ProductName;
  readonly font: FontName;
  readonly scenes: readonly SceneName[];
  readonly palettes: readonly Palette[];
  readonly headlines: readonly string[];
  readonly sublines: readonly string[];
  readonly buttons: readonly string[];
  readonly prices: readonly string[];
  /** When the audience looks: hour of the day, 0 to 24. */
  readonly peakHour: number;
}

const palette = (background: Colour, surface: Colour, accent: Colour, main: Colour, second: Colour): Palette => ({
  background,
  surface,
  accent,
  product: [main, second],
});

export const CAMPAIGNS: readonly Campaign[] = [
  {
    id: 'brisa_coffee', brand: 'Brisa Coffee', product: 'cup', font: 'serif', scenes: ['wood', 'bokeh', 'room'], peakHour: 8,
    palettes: [
      palette('#3b2317', '#f3e3cf', '#e0803a', '#f7efe4', '#8a4b2a'),
      palette('#e9b872', '#fff6e6', '#8c2f1b', '#b5462c', '#f7dcb4'),
      palette('#1f3a3d', '#e4efec', '#f0a04b', '#2f6b6b', '#d9e8e4'),
    ],
    headlines: ['Wake up slowly', 'Roasted on Tuesday, poured on Friday', 'Your kitchen, our beans', 'The first cup is on us', 'Small batch, big morning'],
    sublines: ['Single origin beans from six farms', 'Free shipping over $30', 'Subscribe and skip any time', 'Ground to order for your machine'],
    buttons: ['Order beans', 'Try a bag', 'Shop coffee'], prices: ['$14.90', '$9.50', '$22'],
  },
  {
    id: 'northpeak', brand: 'Northpeak', product: 'suitcase', font: 'sans', scenes: ['mountains', 'sea', 'city'], peakHour: 20,
    palettes: [
      palette('#1d4e6e', '#eaf3f7', '#ff8552', '#f2b134', '#27496d'),
      palette('#f4c9a0', '#fffaf3', '#d1495b', '#d1495b', '#7a1f3d'),
      palette('#23395b', '#e8eef7', '#8fe388', '#4a7fb5', '#16243b'),
    ],
    headlines: ['Two weeks. One bag.', 'Go further, carry less', 'Cabin size, weekend proof', 'Leave on Friday', 'Built for the last mile'],
    sublines: ['Ten year guarantee on every wheel', 'Only 2.9 kg with a laptop sleeve', 'Recycled shell, repairable parts', 'Now boarding: the summer colours'],
    buttons: ['See the range', 'Pack yours', 'Shop luggage'], prices: ['$189', '$249', '$129.00'],
  },
  {
    id: 'volt_run', brand: 'VOLT RUN', product: 'sneaker', font: 'condensed', scenes: ['city', 'mountains', 'bokeh'], peakHour: 18,
    palettes: [
      palette('#f2542d', '#fff1eb', '#0e2a47', '#ffffff', '#f2a900'),
      palette('#101820', '#e9edf0', '#c6ff3d', '#c6ff3d', '#2b3a42'),
      palette('#f7f7f2', '#ffffff', '#e4002b', '#e4002b', '#22223b'),
    ],
    headlines: ['RUN THE CITY', 'FASTER FEELS LIGHTER', 'MILES START HERE', 'MADE FOR WET STREETS', 'ONE MORE LAP'],
    sublines: ['208 grams of daily trainer', 'Carbon plate, soft landing', 'Free returns after 30 runs', 'New season colours are in'],
    buttons: ['SHOP NOW', 'FIND YOUR PAIR', 'GET THEM'], prices: ['$119', '$149.95', '$89'],
  },
  {
    id: 'halo_audio', brand: 'halo audio', product: 'headphones', font: 'sans', scenes: ['bokeh', 'city', 'room'], peakHour: 21,
    palettes: [
      palette('#1b1b2f', '#ecebff', '#ff5d8f', '#e8e8f0', '#5b5bd6'),
      palette('#f3d9dc', '#fffafa', '#c9184a', '#c9184a', '#590d22'),
      palette('#0f4c5c', '#e5f4f6', '#fb8b24', '#dfe7ea', '#e36414'),
    ],
    headlines: ['Hear the room', 'Silence, on demand', 'Forty hours of music', 'Turn the train down', 'Sound with depth'],
    sublines: ['Adaptive noise cancelling', 'Two devices, one headset', 'Charge once a week', 'Spatial audio for every app'],
    buttons: ['Listen now', 'Pre-order', 'Compare models'], prices: ['$299', '$199', '$349.00'],
  },
  {
    id: 'marlow_home', brand: 'Marlow Home', product: 'armchair', font: 'serif', scenes: ['room', 'wood', 'leaves'], peakHour: 20,
    palettes: [
      palette('#d8c3a5', '#fbf6ee', '#8e4a2f', '#c1693c', '#5a2e1b'),
      palette('#5b7065', '#f1f4f0', '#e9c46a', '#e7c8a0', '#31473a'),
      palette('#a9bcd0', '#f5f8fb', '#1c3144', '#3f6c9b', '#16324f'),
    ],
    headlines: ['Sit with it', 'A chair for every Sunday', 'Slow furniture', 'The reading corner event', 'Rooms that hold you'],
    sublines: ['Solid oak, woven by hand', 'Delivered and assembled', 'Try it at home for 100 days', 'Fabric samples are free'],
    buttons: ['Visit the studio', 'Shop chairs', 'Order a sample'], prices: ['$640', '$495', '$1,120'],
  },
  {
    id: 'fernwood', brand: 'Fernwood', product: 'plant', font: 'sans', scenes: ['leaves', 'room', 'wood'], peakHour: 12,
    palettes: [
      palette('#d9e8d0', '#fbfdf8', '#2d6a4f', '#c8553d', '#40916c'),
      palette('#1b4332', '#eef6ef', '#f4a259', '#e9d8a6', '#52b788'),
      palette('#f6bd60', '#fff8eb', '#3a5a40', '#84a59d', '#386641'),
    ],
    headlines: ['Grow something today', 'Hard to kill, easy to love', 'Green up your desk', 'Plants that forgive', 'Your window is waiting'],
    sublines: ['Potted and delivered in two days', 'Care guide in every box', 'Pet safe collection', 'Buy two, the third is free'],
    buttons: ['Pick a plant', 'Shop greens', 'Start here'], prices: ['$24', '$39.50', '$18'],
  },
  {
    id: 'pagewell', brand: 'Pagewell Books', product: 'book', font: 'serif', scenes: ['wood', 'room', 'bokeh'], peakHour: 22,
    palettes: [
      palette('#7f2b32', '#fbeee6', '#f0c24b', '#f0c24b', '#44161b'),
      palette('#f2e8cf', '#fffdf6', '#386641', '#bc4749', '#6a994e'),
      palette('#22304f', '#e9edf7', '#f2a65a', '#4c6ea8', '#e8e4d9'),
    ],
    headlines: ['Stay up late', 'The novel everyone lends', 'Read before the film', 'One book, three evenings', 'Stories by post'],
    sublines: ['A hand-picked book each month', 'Signed first editions', 'Three for two until Sunday', 'Over 40,000 titles in stock'],
    buttons: ['Start reading', 'Join the club', 'Browse books'], prices: ['$12.99', '$18', '$7.50'],
  },
  {
    id: 'tidepay', brand: 'tidepay', product: 'phone', font: 'sans', scenes: ['city', 'bokeh', 'sea'], peakHour: 13,
    palettes: [
      palette('#0b3954', '#e8f5fb', '#19d3a2', '#10243b', '#19d3a2'),
      palette('#6c4ab6', '#f5f0ff', '#ffd166', '#241a45', '#b9a7ff'),
      palette('#ff7a59', '#fff3ef', '#2b2d42', '#2b2d42', '#ffb199'),
    ],
    headlines: ['Money that moves', 'Split the bill in one tap', 'Zero fees abroad', 'See where it goes', 'Open an account by lunch'],
    sublines: ['4.1 % on savings, paid daily', 'Instant cards for the whole team', 'No paperwork, no branch', 'Insured up to $250,000'],
    buttons: ['Open account', 'Get the app', 'Learn more'], prices: ['$0', '4.1 %', '$5 bonus'],
  },
  {
    id: 'orchard_box', brand: 'Orchard Box', product: 'fruit', font: 'condensed', scenes: ['wood', 'leaves', 'room'], peakHour: 17,
    palettes: [
      palette('#f9c74f', '#fffbea', '#d62828', '#d62828', '#f77f00'),
      palette('#606c38', '#fefae0', '#dda15e', '#a7c957', '#bc6c25'),
      palette('#c9e4ca', '#ffffff', '#364958', '#87bba2', '#f28482'),
    ],
    headlines: ['FRUIT ON YOUR DOORSTEP', 'PICKED YESTERDAY', 'EAT THE SEASON', 'WONKY IS WONDERFUL', 'DINNER STARTS HERE'],
    sublines: ['Boxes from farms within 80 km', 'Skip or pause with one click', 'Five kilos for the price of three', 'First box with 40% off'],
    buttons: ['BUILD A BOX', 'ORDER TODAY', 'SEE RECIPES'], prices: ['$19.99', '$29', '$3.49/kg'],
  },
  {
    id: 'pedal_co', brand: 'Pedal & Co', product: 'bicycle', font: 'condensed', scenes: ['city', 'sea', 'mountains'], peakHour: 7,
    palettes: [
      palette('#8ecae6', '#f3fbff', '#023047', '#fb8500', '#023047'),
      palette('#ffddd2', '#fffaf8', '#006d77', '#006d77', '#e29578'),
      palette('#2f3e46', '#eaf0ee', '#f6ae2d', '#f6ae2d', '#cad2c5'),
    ],
    headlines: ['RIDE TO WORK', 'EIGHT GEARS, NO SWEAT', 'THE COMMUTE IS BACK', 'HILLS WELCOME', 'BUILT TO BE LEFT OUTSIDE'],
    sublines: ['Belt drive, hub gears, lights included', 'Test ride in 14 cities', 'Lease from $39 a month', 'Two years of free service'],
    buttons: ['BOOK A RIDE', 'CHOOSE A FRAME', 'LEASE ONE'], prices: ['$899', '$1,249', '$39/month'],
  },
  {
    id: 'lumen_skin', brand: 'LUMEN', product: 'bottle', font: 'sans', scenes: ['leaves', 'sea', 'bokeh'], peakHour: 22,
    palettes: [
      palette('#f7d6c8', '#fffaf7', '#b5566b', '#e8a598', '#b5566b'),
      palette('#cfe3e2', '#f9fdfd', '#22577a', '#57a7a3', '#22577a'),
      palette('#3d2645', '#f5ecf7', '#f0a6ca', '#efc3e6', '#832161'),
    ],
    headlines: ['Skin, rested', 'Three drops at night', 'Nothing you cannot read', 'Glow without glitter', 'A calmer mirror'],
    sublines: ['Fragrance free, dermatologist tested', 'Refill and save 25%', 'Vitamin C, stable for a year', 'Made in small labs'],
    buttons: ['Find your serum', 'Shop skincare', 'Take the quiz'], prices: ['$34', '$48.00', '$21'],
  },
  {
    id: 'pixel_arcade', brand: 'Pixel Arcade', product: 'gamepad', font: 'condensed', scenes: ['bokeh', 'city', 'mountains'], peakHour: 23,
    palettes: [
      palette('#2d1e6b', '#efeaff', '#ff2e88', '#ff2e88', '#22d3ee'),
      palette('#0d1b2a', '#e6eef7', '#00f5a0', '#415a77', '#00f5a0'),
      palette('#ff9f1c', '#fff6e8', '#5f0f40', '#5f0f40', '#ffd9a0'),
    ],
    headlines: ['PRESS START', 'ONE PASS, 300 GAMES', 'WEEKEND BOSS FIGHT', 'PLAY TOGETHER', 'LEVEL UP TONIGHT'],
    sublines: ['First month for $1', 'Cloud saves on every screen', 'Invite four friends', 'New worlds every Friday'],
    buttons: ['PLAY FREE', 'JOIN NOW', 'CLAIM PASS'], prices: ['$1', '$9.99', '$59'],
  },
];
