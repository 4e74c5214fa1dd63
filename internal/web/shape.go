package web

import (
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"
)

// jsonName makes the validator name fields as the JSON does.
func jsonName(f reflect.StructField) string {
	return strings.SplitN(f.Tag.Get("json"), ",", 2)[0]
}

// fieldPath names an input by its path in the JSON, as dotted does. The
// validator begins with the name of the struct, where that has one, and writes
// places in a list with brackets.
func fieldPath(in any, e validator.FieldError) string {
	path := e.Namespace()
	if name := reflect.TypeOf(in).Name(); name != "" {
		path = strings.TrimPrefix(path, name+".")
	}
	return strings.NewReplacer("[", ".", "]", "").Replace(path)
}
