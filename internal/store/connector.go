package store

import (
	"context"
	"database/sql/driver"
)

// connector opens the connections to one SQLite file, without registering the
// driver under a global name.
type connector struct {
	dsn    string
	driver driver.Driver
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	if err := fixPlans(); err != nil {
		return nil, err
	}
	return c.driver.Open(c.dsn)
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }
