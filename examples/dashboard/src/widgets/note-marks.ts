import { Decoration, MatchDecorator, ViewPlugin, type ViewUpdate } from '@codemirror/view';

// A whole grammar of Markdown, with those of the languages it may contain, is larger than the editor.
const marks = new MatchDecorator({
  regexp:
    /^(?<heading>#{1,6} .*)$|(?<strong>\*\*[^*\n]+\*\*)|(?<code>`[^`\n]+`)|^(?<mark>> |[-*] )/gm,
  decoration: ({ groups }) => {
    const kind = Object.keys(groups ?? {}).find((name) => groups?.[name] !== undefined);
    return Decoration.mark({ class: `cm-md-${kind}` });
  },
});

/** Shows headings, strong words and code as what they are while they are written. */
export const noteMarks = ViewPlugin.define(
  (view) => ({
    decorations: marks.createDeco(view),
    update(update: ViewUpdate) {
      this.decorations = marks.updateDeco(update, this.decorations);
    },
  }),
  { decorations: ({ decorations }) => decorations },
);
