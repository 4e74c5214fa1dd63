package web

import (
	"reflect"
	"strings"
)

// jsonName makes the validator name fields as the JSON does.
func jsonName(f reflect.StructField) string {
	return strings.SplitN(f.Tag.Get("json"), ",", 2)[0]
}
