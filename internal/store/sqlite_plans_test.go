package store

import (
	"strings"
	"testing"
)

// Without the guarantee SQLite looks at the value, sees that the partial index
// holds all such rows, and plans the statement for this one execution.
func TestAStatementIsPlannedWithoutItsValues(t *testing.T) {
	db := openFile(address(t.TempDir()+"/plans.db", ""))
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "create table t (x text, y int, z int); create index t_of_a on t (y) where x = 'a'"); err != nil {
		t.Fatal(err)
	}
	var id, parent, unused int
	var plan string
	err := db.QueryRowContext(t.Context(), "explain query plan select z from t where x = ?1 and y = ?2", "a", 1).Scan(&id, &parent, &unused, &plan)
	if err != nil || strings.Contains(plan, "t_of_a") {
		t.Errorf("planned for one value: %q, %v", plan, err)
	}
}
