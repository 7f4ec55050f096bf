export const slowBoard = 'acme/slow-reader';
