package comment

import (
	"net/url"
	"time"
)

// Endpoint is a webhook receiver of one site. Its secrets are sealed; only
// internal/webhook opens them, at the moment of signing.
type Endpoint struct {
	Site      string
	ID        string
	URL       string
	Types     []string // event types it asked for
	Status    EndpointStatus
	CreatedAt time.Time
	RenewedAt time.Time // when its owner last gave it another URL or made it active; zero = never
	Secrets   []Secret  // newest first; the expired ones are gone

	Mode       EndpointMode
	APIVersion string            // of the payload, as it was when the endpoint was made
	Target     string            // whose shape the payload takes; "webhook" = Standard Webhooks
	Settings   map[string]string // of the target
	Headers    string            // of its own, sealed; "" = none
	CoveredSeq int64             // how far the log was when it was made, or a target that gathers events has been told

	Asymmetric bool // its calls carry a signature by the site's own key pair as well

	CallsMost   int       // at once; fewer while it recovers
	Trips       int       // how often in a row its gate was closed because calls failed
	BehindSince time.Time // since when what it is owed is too old; zero = it is not

	GateUntil     time.Time // no call before this instant (Retry-After, Breaker); zero = open
	Failures      int       // attempts that failed in a row, over all its deliveries
	LastSuccessAt time.Time // zero = never
	LastFailureAt time.Time // zero = never
	LastFailure   string    // class of the last failure, "status 500"
	Owed          int       // deliveries waiting, filled where lists show it
}

// EndpointMode says how much an endpoint is told.
type EndpointMode string

// The modes of an endpoint.
const (
	ModeFull EndpointMode = "full" // the event
	ModeThin EndpointMode = "thin" // ids only
)

// The targets that more than internal/webhook knows of.
const (
	TargetWebhook = "webhook" // is sent Standard Webhooks
	TargetRebuild = "rebuild" // gathers events: one call tells of all since the last
)

// APIVersion is the version of the payload that a new endpoint gets.
const APIVersion = "2026-11-01"

// CallsMost is the number of calls that a healthy endpoint may have at once.
const CallsMost = 8

// EndpointStatus says whether an endpoint is called.
type EndpointStatus string

// The states of an endpoint. Only an active one is called; what is owed to the
// others waits.
const (
	EndpointActive   EndpointStatus = "active"
	EndpointPaused   EndpointStatus = "paused"   // by its owner
	EndpointDisabled EndpointStatus = "disabled" // by us, after days without success
	EndpointGone     EndpointStatus = "gone"     // it answered 410
)

// Wants reports whether the endpoint asked for this type of event.
func (e Endpoint) Wants(eventType string) bool {
	for _, t := range e.Types {
		if t == eventType {
			return true
		}
	}
	return false
}

// Host is what the URL names: two services at two ports of a machine are two.
func (e Endpoint) Host() string {
	u, err := url.Parse(e.URL)
	if err != nil { // the URL was checked when it was stored
		return e.URL
	}
	return u.Host
}

// Secret is one signing secret of an endpoint, sealed with the installation's
// key and bound to the secret's id.
type Secret struct {
	ID        string
	Sealed    string
	CreatedAt time.Time
	ExpiresAt time.Time // zero = current; a rotated one lives until here
}

// Delivery is one event owed to one endpoint.
type Delivery struct {
	Site        string
	ID          string
	EndpointID  string
	EventSeq    int64  // the event's number in the site's log; 0 for a ping, which has no line there
	EventID     string // the webhook-id header
	Type        string
	CommentID   string // "" where the event is of no comment
	Sequence    int64  // of the comment
	Replay      int    // 0 = the first sending; each redelivery counts on
	State       DeliveryState
	Attempts    int
	NextAt      time.Time
	LeaseUntil  time.Time
	LeaseToken  string
	CreatedAt   time.Time
	DeliveredAt time.Time
	LastStatus  int    // HTTP status of the last attempt, 0 = no answer
	LastClass   string // of the last attempt, "" = none yet
	LastMillis  int64
	LastAt      time.Time
}

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryOwed      DeliveryState = "owed"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed"    // the schedule is used up
	DeliveryCancelled DeliveryState = "cancelled" // its endpoint was deleted
)

// Attempt is one HTTP call of a delivery.
type Attempt struct {
	N        int
	At       time.Time
	Millis   int64
	Status   int    // 0 = no answer
	Class    string // "ok", "status", "timeout", "refused", "dns", "tls", "blocked", "redirect", "reset", "other"
	Detail   string // a sentence without addresses or internals
	Response string // the first bytes of the answer, valid UTF-8, escaped by whoever shows it
}

// Replay sends events of the past to an endpoint again, a few at a time behind
// what is due to it.
type Replay struct {
	Site       string
	ID         string
	EndpointID string
	Number     int // its deliveries carry it: thousands, so that redeliveries have room between
	Types      []string
	Missed     bool  // only what was given up and has not arrived since
	After      int64 // number of the last event that has been looked at
	Until      int64 // of the last one to look at
	Events     int   // that there were to send when it began
	Sent       int   // of them, made into deliveries
	State      ReplayState
	CreatedAt  time.Time
	EndedAt    time.Time
}

// ReplayState is where a replay stands.
type ReplayState string

// The states of a replay.
const (
	ReplayRunning   ReplayState = "running"
	ReplayDone      ReplayState = "done"
	ReplayCancelled ReplayState = "cancelled"
)

// PastQuery asks for the public events of a stretch of a site's log.
type PastQuery struct {
	Site  string
	After int64 // number of the last event that is not wanted any more
	Until int64 // of the last one that is
	Types []string
	// Missed is an endpoint: only what was given up for it and has not arrived
	// there since, nor is owed. "" = whatever there is.
	Missed string
}

// Past is what a PastQuery finds, summed up.
type Past struct {
	Events  int
	FirstAt time.Time // zero where there is none
	LastAt  time.Time
}
