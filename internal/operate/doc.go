// Package operate is what operators ask and do, whether they use the console, the API or the
// command line.
//
// [Backend] is the api.Backend of a process that runs. What it takes of the database it opens when
// somebody asks, on connections of its own. Commands open the database themselves, as no process
// need run, and use what stands beside it: [ReadStatus], [ListWebhooks], [Queues], [Try],
// [EventPattern], [AcceptGap]. Neither prints anything: that is for those who ask.
package operate
