package torture

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// place is one page of one site.
type place struct{ site, page string }

func (p place) String() string { return p.site + "/" + p.page }

// there is what the rows say of a page: the number of public comments, and
// every comment that keeps a place in the thread.
type there struct {
	count int
	shown []string
}

// threads reads what every page has to show.
func threads(db querier) (map[place]*there, error) {
	all := map[place]*there{}
	rows, err := db.Query(`select p.site_id, p.page_key, coalesce(c.comment_id, ''), coalesce(c.public_revision, 0)
		from pages p left join comments c on c.site_id = p.site_id and c.page_id = p.page_id and c.shown order by c.comment_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var at place
		var id string
		var public int
		if err := rows.Scan(&at.site, &at.page, &id, &public); err != nil {
			return nil, err
		}
		if all[at] == nil {
			all[at] = &there{}
		}
		if id != "" {
			all[at].shown = append(all[at].shown, fmt.Sprintf("%s %d", id, min(public, 1)))
		}
		all[at].count += min(public, 1)
	}
	return all, rows.Err()
}

// listed is a comment in a list, with the first of its replies.
type listed struct {
	ID         string
	Status     string
	ReplyCount int `json:"reply_count"`
	Replies    list
}

type list struct {
	Count      int
	Comments   []listed
	NextCursor string `json:"next_cursor"`
}

// differs tells how what a node serves of a page differs from the rows, "" if
// it does not.
func (p place) differs(client *http.Client, addr string, want *there) string {
	base := "http://" + addr + "/api/v1/sites/" + p.site
	query := "?page=" + url.QueryEscape(p.page)
	var counts struct{ Counts map[string]int }
	if err := get(client, base+"/counts"+query, &counts); err != nil {
		return err.Error()
	}
	if got := counts.Counts[p.page]; got != want.count {
		return fmt.Sprintf("%d comments are counted, %d are there", got, want.count)
	}
	var got []string
	first, err := walk(client, base+"/comments"+query+"&sort=oldest&limit=25", base, &got)
	if err != nil {
		return err.Error()
	}
	slices.Sort(got)
	switch {
	case first.Count != want.count:
		return fmt.Sprintf("the list says %d comments, %d are there", first.Count, want.count)
	case strings.Join(got, ",") != strings.Join(want.shown, ","):
		return fmt.Sprintf("listed are %v, there are %v", got, want.shown)
	}
	return ""
}

// walk reads a list and all that hangs on it to its end.
func walk(client *http.Client, from, base string, all *[]string) (first list, err error) {
	if err := get(client, from, &first); err != nil {
		return first, err
	}
	return first, collect(client, first, from, base, all)
}

func collect(client *http.Client, l list, from, base string, all *[]string) error {
	for _, c := range l.Comments {
		public := 1
		if c.Status != "approved" {
			public = 0
		}
		*all = append(*all, fmt.Sprintf("%s %d", c.ID, public))
		if err := collect(client, c.Replies, base+"/comments/"+c.ID+"/replies?limit=25", base, all); err != nil {
			return err
		}
	}
	if l.NextCursor == "" {
		return nil
	}
	_, err := walk(client, strings.Split(from, "&cursor=")[0]+"&cursor="+url.QueryEscape(l.NextCursor), base, all)
	return err
}

func get(client *http.Client, from string, into any) error {
	res, err := client.Get(from)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s is answered with %d", from, res.StatusCode)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
