import * as Y from 'yjs';

type SharedType = Y.ContentType['type'];

/** What readers of a document see, as plain data: every root type with its list and its map. */
export function visibleContent(doc: Y.Doc): Record<string, unknown> {
  return Object.fromEntries([...doc.share].map(([name, type]) => [name, contentOf(type)]));
}

function contentOf(type: SharedType): unknown {
  const list: unknown[] = [];
  let text = '';
  const endText = () => {
    if (text !== '') list.push({ text });
    text = '';
  };
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    // How a text is cut into items depends on how it was loaded.
    if (item.content instanceof Y.ContentString) text += item.content.str;
    else {
      endText();
      list.push(...valuesOf(item.content));
    }
  }
  endText();
  const entries = [...type._map].filter(([, item]) => !item.deleted);
  const map = Object.fromEntries(
    entries.map(([key, item]) => [key, valuesOf(item.content).at(-1)]),
  );
  return { list, map };
}

function valuesOf(content: Y.Item['content']): unknown[] {
  if (content instanceof Y.ContentType) {
    return [{ type: content.type.constructor.name, ...(contentOf(content.type) as object) }];
  }
  if (content instanceof Y.ContentFormat) return [{ format: content.key, value: content.value }];
  if (content instanceof Y.ContentDoc) return [{ document: content.doc.guid }];
  return content.getContent();
}
