package auth

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func TestAddAccount(t *testing.T) {
	o := openOffice(t)
	for name, try := range map[string]struct {
		in   NewAccount
		want comment.Account
	}{
		"for a site": {
			NewAccount{Email: " Mo@Example.ORG ", Role: comment.Moderator, Site: "daily"},
			comment.Account{Email: "mo@example.org", Name: "mo", Grants: []comment.Grant{{Site: "daily", Role: comment.Moderator}}},
		},
		"for all": {
			NewAccount{Email: "ann@localhost", Name: "  Ann   Zoë ", Role: comment.Admin},
			comment.Account{Email: "ann@localhost", Name: "Ann Zoë", Grants: []comment.Grant{{Site: "*", Role: comment.Admin}}},
		},
		"an owner": {
			NewAccount{Email: "jürgen+2@müller.example", Role: comment.Owner, Site: "*", Password: password},
			comment.Account{Email: "jürgen+2@müller.example", Name: "jürgen+2", Grants: []comment.Grant{{Site: "*", Role: comment.Owner}}},
		},
	} {
		account, generated, err := o.AddAccount(t.Context(), try.in, operator)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (generated == "") != (try.in.Password != "") {
			t.Errorf("%s: the generated password is %q", name, generated)
		}
		if diff := cmp.Diff(o.stored(account.ID), account); diff != "" {
			t.Errorf("%s: stored otherwise: %s", name, diff)
		}
		try.want.ID, try.want.Password, try.want.CreatedAt = account.ID, account.Password, o.now()
		if diff := cmp.Diff(try.want, account); diff != "" || !comment.IsID(account.ID) {
			t.Errorf("%s: %s", name, diff)
		}
		if _, err := o.SignIn(t.Context(), account.Email, try.in.Password+generated, home); err != nil {
			t.Errorf("%s: cannot sign in: %v", name, err)
		}
	}
}

func TestAddAccountRefuses(t *testing.T) {
	o := openOffice(t)
	logged := o.events()
	fit := NewAccount{Email: "mo@example.org", Role: comment.Moderator, Site: "daily", Password: password}
	for name, try := range map[string]struct {
		change      func(*NewAccount)
		field, code string
	}{
		"no e-mail":       {func(n *NewAccount) { n.Email = "" }, "email", "invalid"},
		"no at":           {func(n *NewAccount) { n.Email = "mo.example.org" }, "email", "invalid"},
		"two ats":         {func(n *NewAccount) { n.Email = "mo@mo@example.org" }, "email", "invalid"},
		"no host":         {func(n *NewAccount) { n.Email = "mo@" }, "email", "invalid"},
		"markup":          {func(n *NewAccount) { n.Email = `"<script>"@example.org` }, "email", "invalid"},
		"a space":         {func(n *NewAccount) { n.Email = "m o@example.org" }, "email", "invalid"},
		"a line break":    {func(n *NewAccount) { n.Email = "mo@example.org\r\nBcc: x" }, "email", "invalid"},
		"bidi":            {func(n *NewAccount) { n.Email = "mo\u202e@example.org" }, "email", "invalid"},
		"long":            {func(n *NewAccount) { n.Email = strings.Repeat("m", 250) + "@x.org" }, "email", "invalid"},
		"not text":        {func(n *NewAccount) { n.Email = "mo\xff@example.org" }, "email", "invalid"},
		"long name":       {func(n *NewAccount) { n.Name = strings.Repeat("m", 61) }, "name", "invalid"},
		"blank name":      {func(n *NewAccount) { n.Name = "  " }, "name", "invalid"},
		"reversed name":   {func(n *NewAccount) { n.Name = "\u202eom" }, "name", "invalid"},
		"nul name":        {func(n *NewAccount) { n.Name = "m\x00o" }, "name", "invalid"},
		"no role":         {func(n *NewAccount) { n.Role = "" }, "role", "unknown"},
		"unknown role":    {func(n *NewAccount) { n.Role = "root" }, "role", "unknown"},
		"owner of a site": {func(n *NewAccount) { n.Role = comment.Owner }, "role", "not_for_one_site"},
		"unknown site":    {func(n *NewAccount) { n.Site = "weekly" }, "site", "unknown"},
		"short password":  {func(n *NewAccount) { n.Password = "short" }, "password", "too_short"},
		"own e-mail":      {func(n *NewAccount) { n.Password = "Mo@example.org" }, "password", "guessable"},
	} {
		n := fit
		try.change(&n)
		account, generated, err := o.AddAccount(t.Context(), n, operator)
		if err == nil || account.ID != "" || generated != "" {
			t.Fatalf("%s: made %+v", name, account)
		}
		t.Run(name, func(t *testing.T) { wantsField(t, err, try.field, try.code) })
	}
	_, _, err := o.AddAccount(t.Context(), NewAccount{Email: "OLIVE@example.org", Role: comment.Viewer}, operator)
	wants(t, err, "email_taken")
	if diff := cmp.Diff(logged, o.events()); diff != "" {
		t.Errorf("what did not happen is in the log: %s", diff)
	}
	if _, _, err := o.AddAccount(t.Context(), fit, operator); err != nil {
		t.Errorf("the control is refused: %v", err)
	}
}

func TestALongLocalPartMakesAShortName(t *testing.T) {
	o := openOffice(t)
	account := o.add(strings.Repeat("ü", 64)+"@example.org", comment.Viewer, "")
	if account.Name != strings.Repeat("ü", 60) {
		t.Errorf("the name is %q", account.Name)
	}
}

func TestChangeAccount(t *testing.T) {
	o := openOffice(t)
	o.must(o.Store.Write(t.Context(), nil, func(tx comment.Tx) error {
		return tx.PutSite(comment.Site{Key: "weekly", Name: "Weekly", Options: comment.DefaultOptions(), CreatedAt: o.Now()})
	}))
	for name, try := range map[string]struct {
		change Change
		want   func(*comment.Account)
		ends   bool
	}{
		"nothing":      {Change{}, func(*comment.Account) {}, false},
		"the same":     {Change{Role: ptr(comment.Moderator), Site: ptr("daily"), Disabled: ptr(false)}, func(*comment.Account) {}, false},
		"name":         {Change{Name: ptr(" Momo ")}, func(a *comment.Account) { a.Name = "Momo" }, false},
		"role":         {Change{Role: ptr(comment.Admin)}, func(a *comment.Account) { a.Grants[0].Role = comment.Admin }, true},
		"site":         {Change{Site: ptr("weekly")}, func(a *comment.Account) { a.Grants[0].Site = "weekly" }, true},
		"all sites":    {Change{Site: ptr("")}, func(a *comment.Account) { a.Grants[0].Site = "*" }, true},
		"role, site":   {Change{Role: ptr(comment.Owner), Site: ptr("*")}, func(a *comment.Account) { a.Grants[0] = comment.Grant{Site: "*", Role: comment.Owner} }, true},
		"disabled":     {Change{Disabled: ptr(true)}, func(a *comment.Account) { a.Disabled = true }, true},
		"password":     {Change{Password: ptr("a cup of cold coffee")}, func(*comment.Account) {}, true},
		"name and all": {Change{Name: ptr("Mo"), Role: ptr(comment.Viewer)}, func(a *comment.Account) { a.Name, a.Grants[0].Role = "Mo", comment.Viewer }, true},
	} {
		t.Run(name, func(t *testing.T) {
			account := o.add(strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")+"@example.org", comment.Moderator, "daily")
			in, bystander := o.signIn(account.Email, home), o.signIn(ownerEmail, home)
			logged := len(o.events())
			got := o.change(account.ID, try.change)
			want := account
			want.Grants = []comment.Grant{account.Grants[0]}
			want.Password = got.Password
			try.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(got, o.stored(account.ID)); diff != "" {
				t.Errorf("stored otherwise: %s", diff)
			}
			if (got.Password != account.Password) != (try.change.Password != nil) {
				t.Error("the password changed or did not")
			}
			if len(o.events()) != logged+1 {
				t.Error("the change is not in the log once")
			}
			if try.ends {
				o.wantsEnded(in)
			} else {
				o.wantsAlive(in)
			}
			o.wantsAlive(bystander)
		})
	}
}

func TestChangeOfAnAccountWithSeveralGrants(t *testing.T) {
	many := []comment.Grant{{Site: "daily", Role: comment.Viewer}, {Site: "weekly", Role: comment.Admin}}
	for _, try := range []struct {
		change Change
		want   []comment.Grant
	}{
		{Change{}, many},
		{Change{Role: ptr(comment.Moderator)}, []comment.Grant{{Site: "daily", Role: comment.Moderator}, {Site: "weekly", Role: comment.Moderator}}},
		{Change{Site: ptr("daily")}, []comment.Grant{{Site: "daily", Role: comment.Admin}}},
		{Change{Site: ptr(""), Role: ptr(comment.Viewer)}, []comment.Grant{{Site: "*", Role: comment.Viewer}}},
	} {
		if diff := cmp.Diff(try.want, try.change.grants(many)); diff != "" {
			t.Error(diff)
		}
	}
	if many[0].Role != comment.Viewer {
		t.Error("the old grants were changed in place")
	}
}

func TestChangeAccountRefuses(t *testing.T) {
	o := openOffice(t)
	mo := o.add("mo@example.org", comment.Moderator, "daily")
	in := o.signIn(mo.Email, home)
	logged := o.events()
	for _, try := range []struct {
		change      Change
		field, code string
	}{
		{Change{Role: ptr(comment.Role("root"))}, "role", "unknown"},
		{Change{Role: ptr(comment.Role(""))}, "role", "unknown"},
		{Change{Role: ptr(comment.Owner)}, "role", "not_for_one_site"},
		{Change{Site: ptr("weekly")}, "site", "unknown"},
		{Change{Name: ptr("")}, "name", "invalid"},
		{Change{Password: ptr("")}, "password", "too_short"},
		{Change{Password: ptr("password1234")}, "password", "common"},
		{Change{Password: ptr("mo@example.org"), Role: ptr(comment.Viewer)}, "password", "guessable"},
	} {
		_, err := o.ChangeAccount(t.Context(), mo.ID, try.change, operator)
		wantsField(t, err, try.field, try.code)
	}
	for _, c := range []Change{{}, {Role: ptr(comment.Viewer)}, {Password: ptr(password)}} {
		_, err := o.ChangeAccount(t.Context(), comment.NewID(), c, operator)
		wants(t, err, "not_found")
	}
	if diff := cmp.Diff(mo, o.stored(mo.ID)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(logged, o.events()); diff != "" {
		t.Errorf("what did not happen is in the log: %s", diff)
	}
	o.wantsAlive(in)
}

func TestTheLastOwnerStays(t *testing.T) {
	o := openOffice(t)
	away := []Change{
		{Role: ptr(comment.Admin)}, {Disabled: ptr(true)}, {Role: ptr(comment.Viewer), Site: ptr("daily")}, {Role: ptr(comment.Admin), Disabled: ptr(true)},
	}
	refused := func(id string) {
		t.Helper()
		for _, c := range away {
			_, err := o.ChangeAccount(t.Context(), id, c, operator)
			wants(t, err, "last_owner")
			if f := fault.Of(err); f.Kind != fault.Conflict {
				t.Errorf("kind %v", f.Kind)
			}
		}
	}
	refused(o.owner.ID)
	second := o.add("second@example.org", comment.Owner, "")
	o.change(second.ID, Change{Disabled: ptr(true)})
	refused(o.owner.ID) // who cannot sign in does not count
	o.change(second.ID, Change{Role: ptr(comment.Admin)})
	o.change(second.ID, Change{Disabled: ptr(false)})
	refused(o.owner.ID) // nor who owns no more
	o.change(second.ID, Change{Role: ptr(comment.Owner)})
	o.change(o.owner.ID, away[0])
	refused(second.ID)
	o.change(second.ID, Change{Name: ptr("Sol"), Password: ptr("a cup of cold coffee"), Role: ptr(comment.Owner), Disabled: ptr(false)})
}

func TestTheLogHasPseudonymsOnly(t *testing.T) {
	o := openOffice(t)
	account, generated, err := o.AddAccount(t.Context(), NewAccount{Email: "mo@example.org", Name: "Moira Klee", Role: comment.Moderator, Site: "daily"}, operator)
	o.must(err)
	by := comment.Actor{Kind: comment.ActorModerator, ID: o.owner.ID}
	_, err = o.ChangeAccount(t.Context(), account.ID, Change{Name: ptr("Mo Klee"), Password: ptr(password), Role: ptr(comment.Admin), Disabled: ptr(true)}, by)
	o.must(err)
	events := o.events()
	for _, e := range events {
		for _, secret := range []string{"mo@example.org", "Klee", generated, password, account.Password, "argon2"} {
			if strings.Contains(string(e.Body), secret) {
				t.Errorf("event %d holds %q: %s", e.Seq, secret, e.Body)
			}
		}
	}
	last := events[len(events)-1]
	var envelope struct{ Data json.RawMessage }
	o.must(json.Unmarshal(last.Body, &envelope))
	want := `{"account":"` + account.ID + `","changed":["role","disabled","password","name"],"role":"admin","disabled":true}`
	if diff := cmp.Diff(want, string(envelope.Data)); diff != "" || last.Actor.ID != o.owner.ID {
		t.Errorf("by %+v: %s", last.Actor, diff)
	}
}

func TestChangePassword(t *testing.T) {
	o := openOffice(t)
	in, elsewhere := o.signIn(ownerEmail, home), o.signIn(ownerEmail, away)
	who, err := o.Identify(t.Context(), in.Access)
	o.must(err)
	const next = "a cup of cold coffee"
	wantsField(t, o.ChangePassword(t.Context(), who, password, "short"), "password", "too_short")
	wantsField(t, o.ChangePassword(t.Context(), who, password, password), "password", "unchanged")
	wantsField(t, o.ChangePassword(t.Context(), who, wrong, next), "current", "wrong")
	in = o.wantsAlive(in)
	logged := len(o.events())
	o.must(o.ChangePassword(t.Context(), who, password, next))
	o.wantsEnded(in, elsewhere)
	if events := o.events(); len(events) != logged+1 || events[logged].Actor.ID != o.owner.ID {
		t.Errorf("the change is not in the log once, by its owner: %+v", events[logged:])
	}
	_, err = o.SignIn(t.Context(), ownerEmail, password, home)
	wants(t, err, "invalid_credentials")
	if _, err := o.SignIn(t.Context(), ownerEmail, next, home); err != nil {
		t.Error(err)
	}
}

// A stolen access token must not serve to find out the password.
func TestChangePasswordIsThrottled(t *testing.T) {
	o := openOffice(t)
	who, err := o.Identify(t.Context(), o.signIn(ownerEmail, home).Access)
	o.must(err)
	for range 5 {
		wantsField(t, o.ChangePassword(t.Context(), who, wrong, "a cup of cold coffee"), "current", "wrong")
	}
	wants(t, o.ChangePassword(t.Context(), who, password, "a cup of cold coffee"), "rate_limited")
	o.signIn(ownerEmail, home) // a throttle of its own
	o.pass(3 * time.Minute)
	o.must(o.ChangePassword(t.Context(), who, password, "a cup of cold coffee"))
}
