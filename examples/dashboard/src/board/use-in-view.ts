import { type RefObject, useEffect, useState } from 'react';

const watchers = new WeakMap<Element, (isInView: boolean) => void>();
let observer: IntersectionObserver | undefined;

/** Whether the element is in the window or near it. One observer for all, as there may be hundreds. */
export function useInView(element: RefObject<Element | null>): boolean {
  const [isInView, setInView] = useState(false);
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    observer ??= new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) watchers.get(target)?.(isIntersecting);
      },
      { rootMargin: '240px 0px' },
    );
    watchers.set(current, setInView);
    observer.observe(current);
    return () => {
      watchers.delete(current);
      observer?.unobserve(current);
    };
  }, [element]);
  return isInView;
}
