package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
)

// HostView is the record of a host as the API shows it.
type HostView struct {
	Host        string `json:"host"`
	FirstSeenAt string `json:"first_seen_at"`
	Approved    int    `json:"approved"`
	Rejected    int    `json:"rejected"`
}

// ShowHost makes the view of a host.
func ShowHost(h comment.Host) HostView {
	return HostView{h.Name, comment.Timestamp(h.FirstSeen), h.Approved, h.Rejected}
}

func (s *Server) hosts(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	sort, err := oneOf(v, "sort", "rejected", "host")
	if err != nil {
		return err
	}
	q := comment.HostQuery{Site: param(c, "site"), ByName: sort == "host", Prefix: strings.ToLower(v.Get("q"))}
	if q.Prefix != "" && !q.ByName {
		return parameter("A search with q goes by host; ask for sort=host.")
	}
	return longList[comment.Host, HostView]{
		name: "hosts", of: []string{q.Site, sort, q.Prefix}, show: ShowHost,
		read: func(after string, limit int) ([]comment.Host, string, error) {
			rejected, name, _ := strings.Cut(after, " ")
			q.After.ID = name
			q.After.Key, _ = strconv.ParseInt(rejected, 10, 64) // the cursor is signed: it is what was written below
			q.Limit = limit + 1
			found, err := s.Comments.HostsOf(c.UserContext(), q)
			if len(found) <= limit {
				return found, "", err
			}
			last := found[limit-1]
			return found[:limit], strconv.Itoa(last.Rejected) + " " + last.Name, nil
		},
	}.send(s, c)
}
