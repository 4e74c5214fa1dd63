package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// send writes an answer as JSON.
func send(c *fiber.Ctx, status int, v any) error {
	body, err := comment.JSON(v)
	if err != nil {
		return err
	}
	return sendBytes(c, status, body)
}

func sendBytes(c *fiber.Ctx, status int, body []byte) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
	return c.Status(status).Send(body)
}

// sendCached writes a public answer with a strong ETag, or 304 where the
// client has it.
func sendCached(c *fiber.Ctx, v any) error {
	body, err := comment.JSON(v)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderCacheControl, cacheControl)
	if matches(c.Get(fiber.HeaderIfNoneMatch), etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	return sendBytes(c, fiber.StatusOK, body)
}

// matches implements If-None-Match, RFC 9110 section 13.1.2.
func matches(header, etag string) bool {
	for _, candidate := range strings.Split(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == "*" || candidate == etag {
			return true
		}
	}
	return false
}

// onceOf reads the request's idempotency key. What it stands for is this route
// and this body, for whoever asks.
func onceOf(c *fiber.Ctx, scope string, answer func(result any) (int, []byte, error)) (comment.Once, error) {
	key := strings.Clone(c.Get("Idempotency-Key"))
	if key == "" {
		return comment.Once{}, nil
	}
	if len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return comment.Once{}, fault.New(fault.Malformed, "invalid_idempotency_key", "An idempotency key is 1 to 255 printable ASCII characters.")
	}
	sum := sha256.New()
	sum.Write([]byte(c.Method() + " " + string(c.Request().URI().RequestURI()) + "\n"))
	sum.Write(c.Request().Body())
	return comment.Once{Scope: scope, Key: key, Hash: hex.EncodeToString(sum.Sum(nil)), Answer: answer}, nil
}

// answered writes the answer of an earlier request with the same idempotency
// key, if that is what err says.
func answered(c *fiber.Ctx, err error) error {
	var r *comment.Repeated
	if !errors.As(err, &r) {
		return err
	}
	c.Set("Idempotent-Replay", "true")
	return sendBytes(c, r.Receipt.Status, r.Receipt.Answer)
}

// jsonAnswer makes an Once.Answer that writes shape(result) as JSON.
func jsonAnswer(status int, shape func(result any) any) func(any) (int, []byte, error) {
	return func(result any) (int, []byte, error) {
		body, err := comment.JSON(shape(result))
		return status, body, err
	}
}

// create runs a use case of another package that makes something, at most once
// for one idempotency key. Its answer is kept right after it, not with it: if the
// process ends between the two, a repetition does it again.
func (s *Server) create(c *fiber.Ctx, status int, run func() (any, error)) error {
	once, err := onceOf(c, "staff "+identity(c).Account.ID, jsonAnswer(status, func(v any) any { return v }))
	if err != nil {
		return err
	}
	result, err := s.Comments.AtMostOnce(c.UserContext(), once, run)
	if err != nil {
		return answered(c, err)
	}
	return send(c, status, result)
}

// done answers for what has nothing to show.
func done(c *fiber.Ctx, err error) error {
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// emptyBody checks the body of a request that needs none.
func emptyBody(c *fiber.Ctx) error {
	if len(c.Request().Body()) == 0 {
		return nil
	}
	_, err := decode[struct{}](c)
	return err
}
