import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
} from 'playwright-core';

const WINDOW: BrowserContextOptions = { viewport: { width: 1280, height: 900 } };
const COLUMN_PX = 1280 / 24;

/** Somebody with a dashboard in a browser of their own. */
export class Person {
  readonly page: Page;
  /** What the browser complains of; connections that fail are not its fault. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      const isNetwork = /WebSocket connection|Failed to load resource/.test(message.text());
      if (message.type() === 'error' && !isNetwork) this.complaints.push(message.text());
    });
  }

  static async arrive(browser: Browser, options: BrowserContextOptions = {}): Promise<Person> {
    const context = await browser.newContext({ ...WINDOW, ...options });
    context.setDefaultTimeout(10_000);
    return new Person(context, await context.newPage());
  }

  async open(url: string, board?: string): Promise<this> {
    await this.page.goto(board === undefined ? url : `${url}?board=${board}`);
    return this;
  }

  /** Opens the demo and waits until all of it is there and saved. */
  async openDemo(url: string, board: string): Promise<this> {
    await this.open(url, board);
    await this.tile('demo-deploys').waitFor();
    await this.untilPill('Saved');
    return this;
  }

  tile(widget: string): Locator {
    return this.page.locator(`[data-widget="${widget}"]`);
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  async untilPill(text: string | RegExp): Promise<void> {
    await this.page.locator('.save-pill').filter({ hasText: text }).first().waitFor();
  }

  async boxOf(target: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
    const box = await target.boundingBox();
    if (box === null) throw new Error(`${target} is not on the page`);
    return box;
  }

  placeOf(widget: string) {
    return this.boxOf(this.tile(widget));
  }

  /** Takes the widget by its head and moves it, without letting go. */
  async take(widget: string, by: { x: number; y: number }): Promise<void> {
    const { x, y } = await this.placeOf(widget);
    await this.#press({ x: x + 24, y: y + 18 }, by);
  }

  /** Takes the widget by its corner and moves that, without letting go. */
  async takeCorner(widget: string, by: { x: number; y: number }): Promise<void> {
    const { x, y, width, height } = await this.placeOf(widget);
    await this.page.mouse.move(x + width / 2, y + height / 2);
    await this.#press({ x: x + width - 7, y: y + height - 7 }, by);
  }

  letGo(): Promise<void> {
    return this.page.mouse.up();
  }

  async #press(from: { x: number; y: number }, by: { x: number; y: number }): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move(from.x + by.x * COLUMN_PX, from.y + by.y * 40, { steps: 8 });
  }

  /** Opens the editor of a note and puts the cursor at one end of the text. */
  async write(widget: string, at: 'Control+Home' | 'Control+End', text: string): Promise<void> {
    const editor = this.tile(widget).locator('.cm-content');
    if ((await editor.count()) === 0) {
      await this.tile(widget).focus();
      await this.page.keyboard.press('Enter');
    }
    await editor.press(at);
    await editor.pressSequentially(text);
  }

  leave(): Promise<void> {
    return this.#context.close();
  }
}
