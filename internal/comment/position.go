package comment

import "time"

// Position is how far a follower of the log has come with one site.
type Position struct {
	Site string
	Seq  int64 // of the last event that it has dealt with; 0 = none yet
}

// Claim is a sender's request for deliveries that are due.
type Claim struct {
	Now         time.Time
	Until       time.Time // end of the lease; after it anybody may claim again
	Token       string    // of the lease; whoever shows it may record the outcome
	Most        int       // deliveries in all
	PerEndpoint int       // under lease at one endpoint at a time, whoever holds them

	PerHost int            // in flight of the asker at one host; 0 = as many as may be
	Hosts   map[string]int // those in flight now, by Endpoint.Host
	First   []Endpoint     // that were held back by a full host and whose turn it is: one call each, before all others
	Renew   []Delivery     // in flight of the asker, whose leases are to go on until Until before anything is claimed
}

// Call is a claimed delivery with all that one HTTP call needs.
type Call struct {
	Delivery Delivery // with the lease
	Endpoint Endpoint // with the secrets
	Body     []byte
	Hops     int   // receivers over which the event came about
	Held     bool  // there is nothing to send: the endpoint waits for its host to have fewer calls in flight
	Covers   int64 // of a target that gathers events: up to where Body tells of them
}

// Outcome is what became of a Call.
type Outcome struct {
	Delivery Delivery  // as it is to be stored; LeaseToken is still that of the claim
	Attempt  Attempt   // N = 0: there was none, the lease is given back
	Gate     time.Time // the endpoint asked for no call before; zero = it did not
	Breaker  Breaker
	Covers   int64 // of a delivery that succeeded: the Call's
}

// Standing is how an endpoint is doing.
type Standing struct {
	Site        string
	ID          string
	Status      EndpointStatus
	BehindSince time.Time // as Endpoint.BehindSince
	Oldest      time.Time // since when the oldest event that it is owed has been; zero = it is owed nothing
}
