// The afterword command: the service itself and everything an operator does to
// it. Each command has a file of its own; this one reads the settings and
// turns errors into a line and an exit code.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/afterword-comments/afterword/internal/fault"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// cli is the command line. Settings come from flags, then AFTERWORD_*
// environment variables, then the config file.
type cli struct {
	Config kong.ConfigFlag `help:"Config file: a JSON object with the flags' names as keys." placeholder:"FILE" env:"AFTERWORD_CONFIG"`
	JSON   bool            `help:"Print one JSON object a line." name:"json"`
	settings

	Demo     demoCmd     `cmd:"" help:"Start everything with a sample newspaper, to try it out."`
	Serve    serveCmd    `cmd:"" help:"Run the service."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database's schema up to date (serve does so too)."`
	Site     siteCmd     `cmd:"" help:"Sites and their options."`
	Comment  commentCmd  `cmd:"" help:"Comments, and decisions about them."`
	People   peopleCmd   `cmd:"" help:"Authors, and what was said of them."`
	Block    blockCmd    `cmd:"" help:"Blocks by e-mail, domain, network address and name."`
	Page     pageCmd     `cmd:"" help:"Pages, and which of them are in premoderation."`
	User     userCmd     `cmd:"" help:"Staff accounts."`
	Token    tokenCmd    `cmd:"" help:"Bearer tokens for scripts."`
	Word     wordCmd     `cmd:"" help:"Word lists, hosts on them, and legal terms."`
	Host     hostCmd     `cmd:"" help:"Hosts that comments link to, and what became of those comments."`
	Rule     ruleCmd     `cmd:"" help:"Moderators' rules."`
	Webhook  webhookCmd  `cmd:"" help:"Webhook endpoints and their deliveries."`
	Outside  checkCmd    `cmd:"" name:"check" help:"Checks that run elsewhere: your own program, Akismet, language models."`
	Clause   clauseCmd   `cmd:"" help:"House rules, which decisions name."`
	Template templateCmd `cmd:"" help:"Messages to authors."`
	Appeal   appealCmd   `cmd:"" help:"Appeals of authors."`
	Look     lookCmd     `cmd:"" name:"second-look" help:"Second looks at decisions, and how often both agree."`
	Decision decisionCmd `cmd:"" help:"Decisions and their reasons."`
	Check    configCmd   `cmd:"" name:"config" help:"Settings."`
	Backup   backupCmd   `cmd:"" help:"Copy the database to a file, also while it is being served."`
	Restore  restoreCmd  `cmd:"" help:"Put a backup in the place of the database."`
	Copy     copyCmd     `cmd:"" help:"Move everything to the other engine: a SQLite file to PostgreSQL, or back."`
	Audit    auditCmd    `cmd:"" help:"The audit trail."`
	Doctor   doctorCmd   `cmd:"" help:"Try the promises of this program on this machine."`
	Bench    benchCmd    `cmd:"" help:"Measure this machine, or fill a database for measuring."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// env is what commands run in.
type env struct {
	ctx      context.Context
	out, err io.Writer
	in       io.Reader
	settings *settings
	json     bool
}

// print writes a result: as JSON where --json asks for it, else as text.
func (e *env) print(v any, text string, args ...any) error {
	if e.json {
		return json.NewEncoder(e.out).Encode(v)
	}
	_, err := fmt.Fprintf(e.out, text+"\n", args...)
	return err
}

// each prints the items of a list, as far as it can.
func each[T any](list []T, print func(T) error) error {
	for _, one := range list {
		if err := print(one); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	tuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	go func() { // a second signal ends the process at once
		<-ctx.Done()
		stop()
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program as a function: arguments in, exit code out.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) (code int) {
	c := &cli{}
	exited := -1
	parser, err := kong.New(c,
		kong.Name("afterword"), kong.Description("Moderated comments for news pages."),
		kong.Writers(out, errs), kong.Exit(func(code int) { exited = code }),
		kong.Configuration(readConfig), kong.ShortUsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(errs, "afterword:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err == nil {
		err = usageOf(c.readSecrets())
	}
	if err != nil {
		fmt.Fprintf(errs, "afterword: %v (see: afterword --help)\n", err)
		return exitUsage
	}
	e := &env{ctx: ctx, out: out, err: errs, in: in, settings: &c.settings, json: c.JSON}
	if err := parsed.Run(e); err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = errors.New("interrupted")
		}
		fmt.Fprintln(errs, "afterword:", plain(err))
		return exitCode(err)
	}
	return 0
}

// exitCode tells a mistake in the arguments from everything else.
func exitCode(err error) int {
	var u usageError
	var f *fault.Error
	if errors.As(err, &u) || errors.As(err, &f) && (f.Kind == fault.Invalid || f.Kind == fault.Malformed) {
		return exitUsage
	}
	return exitFailed
}

// usageError is a mistake in the arguments.
type usageError struct{ error }

func usageOf(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// missing names what was asked for, where err says that there is nothing, and
// the command that lists what there is.
func missing(err error, what, lister string) error {
	if fault.Is(err, "not_found") {
		return fmt.Errorf("there is no %s; to see what there is: afterword %s", what, lister)
	}
	return err
}

// noSite is missing for a site.
func noSite(err error, key string) error { return missing(err, "site "+key, "site list") }

// plain is an error for the terminal: the sentence of a fault, or where the
// machine is at fault all that the operator may know of the cause.
func plain(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		return err.Error()
	}
	return f.Detail
}
