package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// BenchmarkWritePostgres posts comments to one site, durably, from 16 and 64
// sides at once, beside the same rows through the bare driver in the same
// grouping: each statement a round trip, and each post a batch.
func BenchmarkWritePostgres(b *testing.B) {
	server := pgtest.Start(b, true)
	for _, sides := range []int{16, 64} {
		b.Run(fmt.Sprint("store/", sides), func(b *testing.B) {
			writeFromSides(b, fillBench(b, openDailyAt(b, server.Database(b))), sides)
		})
		for _, batched := range []bool{false, true} {
			b.Run(fmt.Sprintf("driver/batched=%v/%d", batched, sides), func(b *testing.B) {
				dsn := server.Database(b)
				fillBench(b, openDailyAt(b, dsn))
				writeByPgx(b, dsn, sides, batched)
			})
		}
	}
}

func writeByPgx(b *testing.B, dsn string, group int, batched bool) {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(ctx)
	tree, err := comment.JSON(benchComment(0).Text.Tree)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for n := 0; n < b.N; {
		tx, err := c.Begin(ctx)
		if err != nil {
			b.Fatal(err)
		}
		for range min(group, b.N-n) {
			n++
			rawPgx(b, tx, rawArgs(int64(n), string(tree)), batched)
		}
		if err := tx.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func rawPgx(b *testing.B, tx pgx.Tx, args [][]any, batched bool) {
	batch := &pgx.Batch{}
	for i, text := range rawStatements {
		if batched {
			batch.Queue(text, args[i]...)
		} else if _, err := tx.Exec(context.Background(), text, args[i]...); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.SendBatch(context.Background(), batch).Close(); err != nil {
		b.Fatal(err)
	}
}
