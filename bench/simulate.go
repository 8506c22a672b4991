package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"hookline/internal/bus"
)

// fleetModel is Hookline on several machines, by arithmetic: what its parts can do at most.
// Webhooks lie in partitions as Hookline has them, partitions at senders as evenly as they go.
type fleetModel struct {
	partitions int
	senders    int
	requests   int     // that a sender makes at once
	perWebhook int     // of them, those of one webhook at most
	latency    float64 // seconds that a receiver takes
	cpu        float64 // core-seconds of a delivery, at a sender; 0: it costs nothing
	cores      float64 // of a sender
}

// modelWebhook is a webhook and its share of all deliveries.
type modelWebhook struct {
	key   string
	share float64
}

// What limits a fleet: the largest webhook, the requests or the CPU of the sender with most to do.
const (
	byWebhook  = "webhook"
	byRequests = "requests"
	byCPU      = "CPU"
)

// holders returns which sender has each partition: as many each, at random, as they take them.
func (m fleetModel) holders() []int {
	list := make([]int, m.partitions)
	for i := range list {
		list[i] = i % m.senders
	}
	random := rand.New(rand.NewPCG(2, 2)) // the same each time
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// throughput returns how many deliveries a second keep up with what comes, when all webhooks have
// their shares of it, and what keeps it from being more.
func (m fleetModel) throughput(list []modelWebhook) (perSecond float64, limit string) {
	perSecond, limit = math.Inf(1), ""
	bound := func(most float64, by string) {
		if most < perSecond {
			perSecond, limit = most, by
		}
	}
	holders := m.holders()
	load, largest := make([]float64, m.senders), make([]float64, m.senders)
	for _, w := range list {
		bound(float64(m.perWebhook)/m.latency/w.share, byWebhook)
		s := holders[bus.PartitionOf(w.key, m.partitions)]
		load[s] += w.share
		largest[s] = max(largest[s], w.share)
	}
	for s, share := range load {
		if share == 0 {
			continue
		}
		// A webhook may have as many under way as are free, so half of what the others leave.
		bound(float64(m.requests)/m.latency/(share+largest[s]), byRequests)
		if m.cpu > 0 {
			bound(m.cores/m.cpu/share, byCPU)
		}
	}
	return perSecond, limit
}

// pareto returns n webhooks whose loads are distributed so, the largest first: with an exponent of
// 1.16, a fifth of them has four fifths. They are the quantiles, not drawn at random.
func pareto(n int, exponent float64) []modelWebhook {
	random := rand.New(rand.NewPCG(1, 1)) // the same keys each time
	list, sum := make([]modelWebhook, n), 0.0
	for i := range list {
		list[i].key = fmt.Sprintf("public.webhooks/%08x-%04x-4%03x-8%03x-%012x", random.Uint32(),
			random.Uint32N(1<<16), random.Uint32N(1<<12), random.Uint32N(1<<12), random.Uint64N(1<<48))
		list[i].share = math.Pow((float64(i)+0.5)/float64(n), -1/exponent)
		sum += list[i].share
	}
	for i := range list {
		list[i].share /= sum
	}
	return list
}

// even returns n webhooks of the same load, as many in each partition: see database.spread.
func even(n, partitions int) []modelWebhook {
	list := make([]modelWebhook, n)
	for i := range list {
		key := ""
		for try := 0; key == "" || bus.PartitionOf(key, partitions) != i%partitions; try++ {
			key = fmt.Sprintf("public.webhooks/%d-%d", i, try)
		}
		list[i].key = key
		list[i].share = 1 / float64(n)
	}
	return list
}

// modelled returns what the scenario senders should measure; 0 senders stands for one process.
func modelled(senders int) float64 {
	m := fleetModel{ // as many webhooks are in each partition, so it is no matter who has which
		partitions: scalePartitions, senders: max(1, senders),
		requests: scaleRequests, perWebhook: inFlight, latency: slowBound.Seconds(),
	}
	perSecond, _ := m.throughput(even(scaleWebhooks, scalePartitions))
	return perSecond
}

// What is simulated: a machine of two cores for each sender, of which a delivery takes about what
// it does over TLS.
const (
	simulatedWebhooks = 10_000
	simulatedExponent = 1.16
	simulatedLatency  = 0.2
	simulatedCPU      = 150e-6
	simulatedCores    = 2
)

// simulatedInFlight are some of HOOKLINE_MAX_IN_FLIGHT.
var simulatedInFlight = []int{64, 512, 4096}

// simulated returns a fleet of so many partitions and senders, of which those beyond the partitions
// have nothing to do, and so many requests for each webhook.
func simulated(partitions, senders, perWebhook int) fleetModel {
	return fleetModel{
		partitions: partitions, senders: min(senders, partitions), requests: max(1024, 2*perWebhook),
		perWebhook: perWebhook, latency: simulatedLatency, cpu: simulatedCPU, cores: simulatedCores,
	}
}

// simulate prints how far senders go, by partitions and by what one webhook may have at once.
func simulate(out io.Writer) {
	list := pareto(simulatedWebhooks, simulatedExponent)
	fmt.Fprintf(out, "%s webhooks of Pareto-distributed load (exponent %g: the largest has %s, the "+
		"largest fifth %s), receivers of %s, %d cores a sender at %s a delivery. "+
		"Deliveries/s, and what limits them.\n",
		whole(float64(len(list))), simulatedExponent, percent(list[0].share),
		percent(sum(list[:len(list)/5])),
		millis(simulatedLatency), simulatedCores, micros(simulatedCPU))
	for _, perWebhook := range simulatedInFlight {
		fmt.Fprintf(out, "\nHOOKLINE_MAX_IN_FLIGHT=%d, HOOKLINE_MAX_REQUESTS=%d\n\n", perWebhook,
			max(1024, 2*perWebhook))
		senders := []int{1, 2, 4, 8, 16, 32, 64}
		head := []string{"Partitions"}
		for _, n := range senders {
			head = append(head, fmt.Sprintf("%d senders", n))
		}
		var rows [][]string
		for _, partitions := range []int{32, 64, 128, 256} {
			row := []string{fmt.Sprint(partitions)}
			for _, n := range senders {
				perSecond, limit := simulated(partitions, n, perWebhook).throughput(list)
				row = append(row, whole(perSecond)+" "+limit)
			}
			rows = append(rows, row)
		}
		var b strings.Builder
		table(&b, head, rows)
		_, _ = io.WriteString(out, b.String())
	}
	fmt.Fprintf(out, "\nThe model of what the scenario senders measures (%d webhooks of the same "+
		"load, %d partitions, %d requests at once, %s), which make bench-scale holds against the real thing:\n\n",
		scaleWebhooks, scalePartitions, scaleRequests, slowBound)
	for _, n := range []int{1, 2, 4} {
		fmt.Fprintf(out, "- %d senders: %s deliveries/s\n", n, whole(modelled(n)))
	}
}

func sum(list []modelWebhook) (share float64) {
	for _, w := range list {
		share += w.share
	}
	return share
}
