// What the API says of moderators' rules.
import type { Precision, Reason } from './types';

export type RuleAction = Reason['hint'];
export type RuleMode = 'rehearsing' | 'active' | 'off';

export interface Term {
  fact: string;
  is: string;
  value: string;
}

export interface RuleForm {
  match: 'all' | 'any';
  terms: Term[];
}

export interface Rule {
  id: string;
  version: number;
  name: string;
  when: string;
  form: RuleForm | null;
  action: RuleAction;
  reason: string;
  tag: string;
  notify: boolean;
  priority: number;
  mode: RuleMode;
  expires_at: string | null;
  owner: string;
  override_reason: string;
  created_at: string;
  changed_at: string;
  precision: Precision;
}

export interface RuleDetail extends Rule {
  versions: { version: number; when: string; action: RuleAction; mode: RuleMode; by: { name: string }; at: string }[];
}

export interface RuleChange {
  name?: string;
  when?: string;
  form?: RuleForm;
  action?: RuleAction;
  reason?: string;
  tag?: string;
  notify?: boolean;
  priority?: number;
  mode?: RuleMode;
  expires_at?: string;
  owner?: string;
  override?: boolean;
  override_reason?: string;
}

/** What became of one rule of an import; `change` is empty where it was refused. */
export interface RuleImported {
  name: string;
  ok: boolean;
  change: '' | 'added' | 'changed' | 'same';
  detail: string;
}

export interface Fact {
  name: string;
  type: 'number' | 'text' | 'boolean' | 'list' | 'scores';
  sentence: string;
  past: 'always' | 'recorded';
}

export interface Split {
  all: number;
  approved: number;
  rejected: number;
}

export interface Share {
  part: number;
  of: number;
  share: number;
  at_least: number;
}

export interface Example {
  comment_id: string;
  author: string;
  page: string;
  text: string;
  verdict: 'approved' | 'rejected' | 'spam';
  decided_at: string;
}

export interface Rehearsal {
  action: RuleAction;
  looked_at: number;
  complete: boolean;
  since: string | null;
  approved: number;
  rejected: number;
  hits: Split;
  precision: Share;
  caught: Share;
  required: number;
  passes: boolean;
  failed: number;
  unknown: { fact: string; comments: number }[];
  right: Example[];
  wrong: Example[];
  clashes: { rule_id: string; name: string; action: RuleAction; priority: number; comments: Split; first: boolean }[];
  took_ms: number;
}
