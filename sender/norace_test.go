//go:build !race

package sender

const seedsByDefault = 4
