package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// commandOf names the command for each administrative operation of the API. What
// asks for no command says why.
var commandOf = map[string]string{
	"sites": "site list", "site": "site list", "addSite": "site add", "changeSite": "site set",
	"options": "site list", "changeOptions": "site set",

	"queue": "comment list", "detail": "comment show", "decide": "comment decide", "undo": "comment undo",

	"words": "word list", "word": "word list", "addWord": "word add", "changeWord": "word change", "removeWord": "word remove",
	"importWords": "word import", "exportWords": "word export", "testWords": "word test", "hosts": "host list",

	"people": "people list", "person": "people show", "changePerson": "people set",
	"blocks": "block list", "addBlock": "block add", "importBlocks": "block import", "changeBlock": "block change", "removeBlock": "block remove",
	"blocksEverywhere": "block list", "addBlockEverywhere": "block add", "importBlocksEverywhere": "block import",
	"changeBlockEverywhere": "block change", "removeBlockEverywhere": "block remove",

	"rules": "rule list", "rule": "rule list", "addRule": "rule add", "changeRule": "rule set", "removeRule": "rule remove",
	"ruleFacts": "rule facts", "checkRule": "rule check", "rehearseRule": "rule rehearse", "importRules": "rule import", "exportRules": "rule export", "orderRules": "rule order",

	"clauses": "clause list", "addClause": "clause add", "changeClause": "clause set",
	"templates": "template list", "putTemplate": "template set", "removeTemplate": "template remove", "previewMessage": "template preview",
	"appeals": "appeal list", "assignAppeal": "appeal assign", "decideAppeal": "appeal decide",
	"secondLooks": "second-look list", "judge": "second-look judge", "agreement": "second-look agreement", "disagreements": "second-look disagreements",
	"exportDecisions": "decision export", "audit": "audit export",

	"pages": "page list", "changePage": "page premoderate",

	"endpoints": "webhook list", "endpoint": "webhook list", "addEndpoint": "webhook add", "changeEndpoint": "webhook change",
	"removeEndpoint": "webhook remove", "testEndpoint": "webhook test", "rotateEndpoint": "webhook rotate", "checkAddress": "webhook check",
	"endpointHealth": "webhook health", "deliveries": "webhook deliveries", "delivery": "webhook delivery", "redeliver": "webhook redeliver",
	"replay": "webhook replay", "replays": "webhook replays", "cancelReplay": "webhook cancel", "events": "webhook events",

	"checkList": "check list", "check": "check list", "addCheck": "check add", "changeCheck": "check set", "removeCheck": "check remove",
	"testCheck": "check test", "checkHealth": "check health",

	"users": "user list", "addUser": "user add", "changeUser": "user set",

	// The command line needs no session.
	"me": "", "confirm": "", "password": "user set",
	// A stream is for those who watch.
	"queueStream": "",
}

// TestEveryRouteHasItsCommand holds the API's administration against the command line.
func TestEveryRouteHasItsCommand(t *testing.T) {
	parser, err := kong.New(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]bool{"": true}
	for _, leaf := range parser.Model.Leaves(false) {
		commands[strings.TrimPrefix(leaf.FullPath(), parser.Model.Name+" ")] = true
	}
	text, err := os.ReadFile("../../internal/web/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Security    []struct {
				StaffToken *[]string `json:"staffToken"`
			}
		}
	}
	if err := json.Unmarshal(text, &api); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for path, methods := range api.Paths {
		for method, op := range methods {
			if len(op.Security) == 0 || op.Security[0].StaffToken == nil {
				continue
			}
			known[op.OperationID] = true
			if command, listed := commandOf[op.OperationID]; !listed || !commands[command] {
				t.Errorf("%s %s (%s) has no command %q", method, path, op.OperationID, command)
			}
		}
	}
	for operation := range commandOf {
		if !known[operation] {
			t.Errorf("the API has no operation %s for the staff", operation)
		}
	}
}
