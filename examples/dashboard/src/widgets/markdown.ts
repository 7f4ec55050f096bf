import DOMPurify from 'dompurify';
import { marked } from 'marked';

/** What somebody wrote, as HTML that may be put on the page. Styles, forms and frames are left out. */
export function htmlOf(text: string): string {
  const html = marked.parse(text, { async: false, gfm: true, breaks: true });
  return DOMPurify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: [
      'style',
      'form',
      'input',
      'button',
      'textarea',
      'select',
      'img',
      'video',
      'audio',
    ],
    FORBID_ATTR: ['style', 'class', 'id', 'name'],
  });
}
