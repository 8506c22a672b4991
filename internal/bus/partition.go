package bus

import "hash/fnv"

// PartitionOf returns the partition of a webhook, by its Subscription.Key: FNV-1a of 32 bits,
// modulo n.
func PartitionOf(webhook string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(webhook))   // it never fails
	return int(h.Sum32() % uint32(n)) //nolint:gosec // 1 to 256
}
