import type { BoardState } from '@tessera/client';
import type { BrowserContext, Page } from 'playwright-core';
import { eventually } from '../../support/wait.ts';
import type { Report } from './reports.ts';

/** What a card shows. */
export interface ShownCard {
  readonly place: readonly [x: number, y: number];
  readonly content: string | number | readonly (readonly [label: string, done: boolean])[];
}

/** Somebody with a browser of their own, and the page open in it. */
export class Person {
  readonly name: string;
  readonly reports: Report[] = [];
  readonly complaints: string[] = [];
  readonly #address: string;
  #context: BrowserContext | undefined;
  #page: Page | undefined;

  constructor(name: string, address: string) {
    this.name = name;
    this.#address = address;
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error(`${this.name} has no page open`);
    return this.#page;
  }

  /** Starts the browser, and opens the page in it. */
  async open(start: () => Promise<BrowserContext>): Promise<void> {
    const context = await start();
    this.#context = context;
    context.setDefaultTimeout(10_000);
    await context.exposeBinding('report', (_source, report: Report) => {
      this.reports.push(report);
    });
    this.#page = await this.openTab();
  }

  async openTab(): Promise<Page> {
    const page = await this.#context?.newPage();
    if (page === undefined) throw new Error(`the browser of ${this.name} is not open`);
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    await page.goto(this.#address);
    return page;
  }

  /** Ends the browser. */
  async close(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    this.#page = undefined;
    await context?.close();
  }

  card(id: string) {
    return this.page.locator(`[data-widget="${id}"]`);
  }

  /** Writes into the note, before its last characters. */
  async write(note: string, text: string, before = ''): Promise<void> {
    const field = this.card(note).locator('textarea');
    await field.press('Control+End');
    for (const _character of before) await field.press('ArrowLeft');
    await field.pressSequentially(text);
  }

  async tick(label: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).click();
  }

  async moveUp(label: string): Promise<void> {
    await this.page.getByLabel(`Move ${label} up`).click();
  }

  async addItem(list: string, label: string): Promise<void> {
    const field = this.card(list).getByLabel('New item');
    await field.fill(label);
    await field.press('Enter');
  }

  async slide(slider: string, value: number): Promise<void> {
    await this.card(slider).locator('[type=range]').fill(String(value));
  }

  /** By one unit. */
  async nudge(card: string, key: 'ArrowRight' | 'ArrowDown'): Promise<void> {
    await this.card(card).locator('.grip').press(key);
  }

  async drag(card: string, by: readonly [x: number, y: number]): Promise<void> {
    const box = await this.card(card).locator('.grip').boundingBox();
    if (box === null) throw new Error(`the card ${card} is not on the page of ${this.name}`);
    const [x, y] = [box.x + 60, box.y + box.height / 2];
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + by[0] * 24, y + by[1] * 24, { steps: 6 });
    await this.page.mouse.up();
  }

  async remove(card: string): Promise<void> {
    await this.card(card)
      .getByLabel(/^Remove/)
      .click();
  }

  /** Waits until the pill says so, and the cards are there. */
  async untilSays(text: string, page = this.page): Promise<void> {
    await page.locator('.card').first().waitFor();
    const pill = page.locator('.pill');
    await eventually(async () => (await pill.textContent()) === text, {
      timeoutMs: 20_000,
      what: `the page of ${this.name} to say ${text}`,
    }).catch(async (cause) => {
      throw new Error(`it says ${await pill.textContent()}`, { cause });
    });
  }

  /** Who is here, by this page. */
  people(): Promise<(string | null)[]> {
    return this.page
      .locator('.people li')
      .evaluateAll((faces) => faces.map((face) => face.getAttribute('title')));
  }

  /** All that the cards show, by widget. */
  async shown(page = this.page): Promise<Record<string, ShownCard>> {
    const cards = await page.locator('.card').evaluateAll((elements) =>
      elements.map((card) => {
        const read = <E extends Element>(selector: string) => card.querySelector<E>(selector);
        const style = getComputedStyle(card);
        const place = [style.getPropertyValue('--x'), style.getPropertyValue('--y')].map(Number);
        const items = [...card.querySelectorAll('li')].map((item) => [
          item.textContent?.replace('↑', ''),
          item.querySelector('input')?.checked,
        ]);
        const text = read<HTMLTextAreaElement>('textarea')?.value;
        const value = read<HTMLInputElement>('[type=range]')?.valueAsNumber;
        return [card.getAttribute('data-widget'), { place, content: text ?? value ?? items }];
      }),
    );
    return Object.fromEntries(cards) as Record<string, ShownCard>;
  }

  /** The states of one page after the other, each as often as it was entered. */
  get states(): BoardState[][] {
    const pages = Map.groupBy(this.reports, ({ page }) => page);
    return [...pages.values()].map((reports) =>
      reports
        .flatMap((report) => (report.kind === 'status' ? [report.status.state] : []))
        .filter((state, index, all) => state !== all[index - 1]),
    );
  }
}
