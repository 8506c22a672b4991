package bus

import (
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// What a stream refuses a message with. The texts differ, also for the same code.
//
// https://github.com/nats-io/nats-server/blob/main/server/errors.json
const (
	storeFailed           jetstream.ErrorCode = 10077 // a limit of the stream is reached
	insufficientResources jetstream.ErrorCode = 10023 // one of the server
	accountExceeded       jetstream.ErrorCode = 10002 // one of the account
	headersTooLarge       jetstream.ErrorCode = 10097
	wrongLastID           jetstream.ErrorCode = 10070
)

// full reports whether there was no room for a message.
func full(err error) bool {
	return isAPIError(err, storeFailed, insufficientResources, accountExceeded)
}

// tooLarge reports whether a message will never be taken.
func tooLarge(err error) bool {
	return isAPIError(err, jetstream.JSErrCodeStreamMessageExceedsMaximum, headersTooLarge)
}

// wrongSequence reports whether another message came before than was expected.
func wrongSequence(err error) bool {
	return isAPIError(err, jetstream.JSErrCodeStreamWrongLastSequence,
		jetstream.JSErrCodeStreamWrongLastSequenceConstant, wrongLastID)
}

func isAPIError(err error, codes ...jetstream.ErrorCode) bool {
	api, ok := errors.AsType[jetstream.JetStreamError](err)
	if !ok || api.APIError() == nil {
		return false
	}
	for _, code := range codes {
		if api.APIError().ErrorCode == code {
			return true
		}
	}
	return false
}
