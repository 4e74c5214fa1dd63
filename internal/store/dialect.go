package store

import "regexp"

// dialect is what differs between the engines. Statements are written once, in
// PostgreSQL's $1 form and in the SQL that the engines share.
type dialect struct {
	name string
	// bind rewrites a statement's parameters and types.
	bind func(statement string) string
	// ddl rewrites a migration.
	ddl func(statements string) string
	// fault says what kind of trouble an engine's error is; nil = not the engine's.
	fault func(error) error
}

var (
	parameter = regexp.MustCompile(`\$(\d+)`)
	tableEnd  = regexp.MustCompile(`(?m)^\);`)
	engineInt = regexp.MustCompile(`\b(bigint|boolean)\b`)
	engineBin = regexp.MustCompile(`\bbytea\b`)
)

var sqlite = dialect{
	name: "sqlite",
	// The driver binds $N by order of appearance and ?N by number.
	bind: func(s string) string { return parameter.ReplaceAllString(s, "?$1") },
	ddl: func(s string) string {
		s = engineInt.ReplaceAllString(s, "integer")
		s = engineBin.ReplaceAllString(s, "blob")
		return tableEnd.ReplaceAllString(s, ") strict;")
	},
	fault: sqliteFault,
}

func (d dialect) wrap(err error) error {
	if err == nil {
		return nil
	}
	if f := d.fault(err); f != nil {
		return f
	}
	return err
}
