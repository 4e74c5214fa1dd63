// The words of the record: statements of reasons and the audit trail.
export const tr = {
  statements: 'Statements of reasons',
  statementsHint:
    'What authors were told of decisions, in the terms of the transparency database of the Digital Services Act, without names and texts of authors.',
  since: 'Decided since',
  csv: 'Download as CSV',
  jsonl: 'Download as JSON lines',
  trail: 'Audit trail',
  trailHint:
    'Each line of the log seals the one before it, so none can be changed or taken out unnoticed. To check all of them: afterword audit verify. People are named by their ids.',
  of: 'Log of',
  installation: 'The installation',
  none: 'Nothing has happened yet.',
  columns: { seq: 'No.', at: 'When', type: 'What', by: 'By', hash: 'Seal' },
  actors: {
    moderator: 'Staff',
    operator: 'Command line',
    rule: 'Rule or check',
    model: 'Model',
    author: 'Author',
    reader: 'Reader',
    import: 'Import',
    system: 'Service',
  } as Record<string, string>,
};
