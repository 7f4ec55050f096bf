import { config } from 'zod';

// Zod would try whether it may make code of strings, and does so as soon as there is a schema: to be
// imported first. The pages of a node may not, and browsers complain about the attempt.
config({ jitless: true });
