package store

import (
	"context"
	"database/sql/driver"
)

// connector opens a driver's connections to one address, without registering
// the driver under a global name.
type connector struct {
	dsn    string
	driver driver.Driver
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }
