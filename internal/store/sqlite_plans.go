package store

/*
// Of SQLite, which the driver links; its header is not on the path of others.
typedef struct sqlite3 sqlite3;
extern int sqlite3_db_config(sqlite3*, int op, ...);
extern int sqlite3_auto_extension(void (*entry)(void));

enum { OK = 0, ENABLE_QPSG = 1007 };

static int fix_plans(sqlite3 *db, char **message, const void *api) {
	return sqlite3_db_config(db, ENABLE_QPSG, 1, (int*)0);
}

static int fix_plans_of_all(void) {
	return sqlite3_auto_extension((void (*)(void))fix_plans);
}
*/
import "C"

import "fmt"

// fixPlans gives every connection that this process opens from now on SQLite's
// query planner stability guarantee: a statement is planned once. Left to itself
// SQLite looks at the values of some parameters (that of a LIMIT, one that a
// partial index might suit) and plans such a statement anew for each execution.
// That was a fifth of a post's processor time and a quarter of a page's.
// To call it again changes nothing.
// https://www.sqlite.org/queryplanner-ng.html#qpsg
func fixPlans() error {
	if code := C.fix_plans_of_all(); code != C.OK {
		return fmt.Errorf("SQLite takes no extension: code %d", code)
	}
	return nil
}
