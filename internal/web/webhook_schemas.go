package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/fault"
)

// schemaFiles are the JSON Schemas and samples of what endpoints are sent, for
// programs that make code of them. They are cut out of the API's document, which
// the tests hold every body against.
type schemaFiles struct {
	index            []byte
	schemas, samples map[string][]byte // by type
}

var webhookFiles = sync.OnceValue(func() schemaFiles {
	files, err := cutSchemas(openAPI)
	if err != nil { // the document is part of the program
		panic(err)
	}
	return files
})

type schemaEntry struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	Schema      string `json:"schema"` // relative to the index
	Sample      string `json:"sample"`
}

func cutSchemas(document []byte) (files schemaFiles, err error) {
	var doc struct {
		Webhooks map[string]struct {
			Post struct {
				Description string
				RequestBody struct {
					Content map[string]struct {
						Schema  map[string]any
						Example json.RawMessage // as it is written: the order of its keys is that of the bodies
					}
				}
			}
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return files, err
	}
	files.schemas, files.samples = map[string][]byte{}, map[string][]byte{}
	list := []schemaEntry{}
	for name, hook := range doc.Webhooks {
		body := hook.Post.RequestBody.Content[fiber.MIMEApplicationJSON]
		if files.schemas[name], err = bundle(name, hook.Post.Description, body.Schema, doc.Components.Schemas); err != nil {
			return files, err
		}
		var sample bytes.Buffer
		if err := json.Indent(&sample, body.Example, "", "  "); err != nil {
			return files, fmt.Errorf("sample of %s: %w", name, err)
		}
		files.samples[name] = sample.Bytes()
		list = append(list, schemaEntry{name, hook.Post.Description, "schemas/" + name + ".json", "samples/" + name + ".json"})
	}
	slices.SortFunc(list, func(a, b schemaEntry) int { return strings.Compare(a.Type, b.Type) })
	files.index, err = json.MarshalIndent(map[string]any{"types": list}, "", "  ")
	return files, err
}

// bundle makes a schema that is complete in itself: the components that it
// refers to, and those that they refer to, stand under $defs.
func bundle(name, description string, schema, components map[string]any) ([]byte, error) {
	const inDocument, inSchema = "#/components/schemas/", "#/$defs/"
	defs := map[string]any{}
	var move func(node any) any
	move = func(node any) any {
		switch v := node.(type) {
		case map[string]any:
			moved := map[string]any{}
			for key, child := range v {
				moved[key] = move(child)
			}
			ref, _ := v["$ref"].(string)
			if component, ok := strings.CutPrefix(ref, inDocument); ok {
				moved["$ref"] = inSchema + component
				if defs[component] == nil {
					defs[component] = true // so that one that refers to itself ends
					defs[component] = move(components[component])
				}
			}
			return moved
		case []any:
			moved := make([]any, len(v))
			for i, child := range v {
				moved[i] = move(child)
			}
			return moved
		}
		return node
	}
	whole := move(schema).(map[string]any)
	whole["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	whole["title"], whole["description"], whole["$defs"] = name, description, defs
	return json.MarshalIndent(whole, "", "  ")
}

func (s *Server) webhookSchemas(c *fiber.Ctx) error { return sendPublic(c, webhookFiles().index) }

func (s *Server) webhookSchema(c *fiber.Ctx) error { return sendDescription(c, webhookFiles().schemas) }

func (s *Server) webhookSample(c *fiber.Ctx) error { return sendDescription(c, webhookFiles().samples) }

func sendDescription(c *fiber.Ctx, files map[string][]byte) error {
	name, ok := strings.CutSuffix(param(c, "name"), ".json")
	if !ok || files[name] == nil {
		return fault.Missing()
	}
	return sendPublic(c, files[name])
}

// sendPublic sends a description, which any page may read and anybody may keep
// for a while.
func sendPublic(c *fiber.Ctx, body []byte) error {
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	return sendBytes(c, fiber.StatusOK, body)
}
