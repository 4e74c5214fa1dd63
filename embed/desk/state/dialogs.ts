// Which dialog is open. At most one of each kind; parts/dialogs.tsx shows them,
// parts/secret.tsx the secret.
import { signal } from '@preact/signals';
import type { Comment } from '../types';

export interface Question {
  title: string;
  hint: string;
  verb: string;
  act: () => void;
}

export interface Secret {
  title: string;
  hint: string;
  text: string;
}

export const rejecting = signal<Comment[] | null>(null);
export const question = signal<Question | null>(null);
export const secret = signal<Secret | null>(null);
export const help = signal(false);
