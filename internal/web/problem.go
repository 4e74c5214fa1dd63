package web

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// problem is an error answer: RFC 9457.
type problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Code      string        `json:"code"`
	Detail    string        `json:"detail"`
	Fields    []fault.Field `json:"fields,omitempty"`
	Until     *string       `json:"until,omitempty"`
	RequestID string        `json:"request_id"`
}

var statusOf = map[fault.Kind]int{
	fault.Internal: 500, fault.Malformed: 400, fault.Invalid: 422, fault.Unauthorized: 401, fault.Forbidden: 403,
	fault.NotFound: 404, fault.Conflict: 409, fault.Gone: 410, fault.TooLarge: 413, fault.Unsupported: 415,
	fault.TooMany: 429, fault.Unavailable: 503,
}

// ofFiber translates the errors that fiber itself raises.
var ofFiber = map[int]*fault.Error{
	http.StatusRequestEntityTooLarge: fault.New(fault.TooLarge, "too_large", "The request is larger than 32 KiB."),
	http.StatusNotFound:              fault.Missing(),
	http.StatusMethodNotAllowed:      fault.New(fault.NotFound, "method_not_allowed", "This address does not take that method."),
}

// fail is the one place where an error becomes an answer and a line in the log.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	var own *fiber.Error
	status := 0
	if errors.As(err, &own) {
		status = own.Code
		if f := ofFiber[own.Code]; f != nil {
			err = f
		} else if own.Code < 500 {
			err = fault.New(fault.Malformed, "bad_request", "The request cannot be understood.")
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "That took too long. Try again in a moment.", RetryAfter: time.Second, Cause: err}
	}
	f := fault.Of(err)
	if status == 0 || f.Kind == fault.Internal {
		status = statusOf[f.Kind]
	}
	id := requestID(c)
	if id == "" { // no route took it
		id = comment.NewID()
		c.Set("X-Request-Id", id)
	}
	if status >= 500 {
		level := slog.LevelError
		if f.Code == "not_ready" { // as whoever asks wanted to know
			level = slog.LevelDebug
		}
		s.Log.Log(c.UserContext(), level, "request failed", slog.String("request_id", id), slog.String("code", f.Code), slog.Any("error", err))
	}
	body, err := comment.JSON(problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Code: f.Code, Detail: f.Detail, Fields: f.Fields, Until: comment.OptionalTime(f.Until), RequestID: id,
	})
	if err != nil {
		return err
	}
	if f.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if status == http.StatusUnauthorized {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return c.Status(status).Send(body)
}
