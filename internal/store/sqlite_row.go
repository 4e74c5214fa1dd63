package store

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
)

// values is a row as the driver gives it: int64, float64, bool, string, []byte
// or nil. They are good until the next row.
type values []driver.Value

// Scan implements scanner. A value that does not fit is an error, not a
// conversion: the tables are strict, so it is a mistake in a statement.
func (row values) Scan(dest ...any) error {
	if len(dest) != len(row) {
		return fmt.Errorf("a row has %d columns and %d were asked for", len(row), len(dest))
	}
	for i, d := range dest {
		if !assign(d, row[i]) {
			return fmt.Errorf("column %d: %T does not fit into %T", i+1, row[i], d)
		}
	}
	return nil
}

func assign(dest any, v driver.Value) (ok bool) {
	switch d := dest.(type) {
	case *string:
		*d, ok = v.(string)
	case *int64:
		*d, ok = v.(int64)
	case *int:
		var n int64
		n, ok = v.(int64)
		*d = int(n)
	case *bool:
		var n int64
		n, ok = v.(int64)
		*d = n != 0
	case *[]byte:
		*d, ok = bytesOf(v)
	case *any:
		*d, ok = v, true
	case sql.Scanner:
		ok = d.Scan(v) == nil
	default:
		ok = assignNamed(reflect.ValueOf(dest).Elem(), v)
	}
	return ok
}

// bytesOf gives those of a column of bytes or of text; a column that is not there
// (of an outer join) is nil.
func bytesOf(v driver.Value) (b []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case []byte:
		return v, true
	case string:
		return []byte(v), true
	}
	return nil, false
}

// assignNamed is for the types of the domain that are strings with a name.
func assignNamed(dest reflect.Value, v driver.Value) bool {
	s, ok := v.(string)
	if ok = ok && dest.Kind() == reflect.String; ok {
		dest.SetString(s)
	}
	return ok
}
