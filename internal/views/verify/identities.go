package verify

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
)

// checkUsageIdentities and checkSubscriptionIdentities look for an event that was
// accepted twice: a partition's own rows cannot hold one identity under one key
// twice, but two partitions can, and two keys.
func checkUsageIdentities(ctx context.Context, r *reader, s *state, d *Differences) error {
	return checkIdentities(ctx, r, d, "usage_event_versions", s.usage.epoch)
}

func checkSubscriptionIdentities(ctx context.Context, r *reader, s *state, d *Differences) error {
	return checkIdentities(ctx, r, d, "subscription_change_versions", s.subs.epoch)
}

func checkIdentities(ctx context.Context, r *reader, d *Differences, table string, epoch uint32) error {
	type places struct {
		count uint64
		text  string
	}
	var rows uint64
	if err := r.conn.QueryRow(ctx, r.text(`SELECT count() FROM DB.$table FINAL WHERE epoch = $epoch`, "$table", table, "$epoch", epoch)).Scan(&rows); err != nil {
		return err
	}
	d.Compared = int64(rows)
	twice, err := open(ctx, r, func(k *string, v *places) []any { return []any{k, &v.count, &v.text} }, `
SELECT identity, count() AS n, arrayStringConcat(arraySort(groupArray(10)(concat('partition ', toString(partition), ', offset ', toString(version), ', account ', account))), '; ')
FROM DB.$table FINAL WHERE epoch = $epoch GROUP BY identity HAVING n > 1 ORDER BY identity`, "$table", table, "$epoch", epoch)
	if err != nil {
		return err
	}
	return twice.each(func(k *string, v *places) error {
		d.add("identity "+hex.EncodeToString([]byte(*k)), "1 row", fmt.Sprintf("%d rows: %s", v.count, v.text))
		return nil
	})
}

// offsetKey is where in its partition a row comes from.
type offsetKey struct{ offset int64 }

// Compare orders by offset.
func (k offsetKey) Compare(l offsetKey) int { return cmp.Compare(k.offset, l.offset) }

// String names the place.
func (k offsetKey) String() string { return fmt.Sprintf("offset %d", k.offset) }
