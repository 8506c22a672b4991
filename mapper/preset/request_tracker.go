package preset

import (
	"strings"

	"hookline/mapper/credential"
	"hookline/mapper/naming"
	"hookline/mapper/pattern"
)

// Request Tracker folds the names of its tables and columns into lower case; its API has them in
// upper and lower case. What it writes of each change of a record (transactions of type Set,
// Status and others) is told by the events of the record; what people have written is told as a
// transaction and its attachments. A date that is not set is the first day of 1970.
var requestTracker = &Preset{
	Name: "request-tracker", Title: "Request Tracker",
	Marks: []string{"cachedgroupmembers", "objectcustomfieldvalues", "scripconditions"},
	Values: pattern.Values{
		// A multipart attachment is nothing but what holds its parts.
		SoftDelete: softDeletes("attachments.contenttype:multipart/*," +
			"tickets.status:deleted,assets.status:deleted," +
			"queues.disabled:1,catalogs.disabled:1,classes.disabled:1,articles.disabled:1," +
			"customfields.disabled:1,objectcustomfieldvalues.disabled:1,principals.disabled:1"),
		Omit:  omits("attachments.content:64KB,objectcustomfieldvalues.largecontent:64KB"),
		Nulls: unset("1970-01-01"),
	},
	learn: func(said) about { return aboutRequestTracker },
}

// What of Request Tracker runs it and is nobody's record: rights, members of groups, of which every
// ticket has several, and what is computed of them; scrips, templates, searches, sessions; and what
// joins fields and topics to what has them.
var requestTrackerOwn = naming.Set(`
	acl attributes authtokens cachedgroupmembers configurations customroles groupmembers
	objectclasses objectcustomfields objectcustomroles objectscrips objecttopics
	scripactions scripconditions scrips sessions templates
`)

// Of these tables some rows are told alone. Groups are made for each ticket and user, too, and
// every group and user is a principal.
var requestTrackerOnly = map[string]map[string][]string{
	"groups":       {"domain": {"UserDefined"}},
	"principals":   {"principaltype": {"User"}},
	"transactions": {"objecttype": {"RT::Ticket"}, "type": {"Create", "Comment", "Correspond"}},
}

func aboutRequestTracker(d *credential.Outline) Facts {
	if requestTrackerOwn[d.Table] {
		return Facts{Skipped: "it is one of Request Tracker's own"}
	}
	return Facts{
		object: requestTrackerNames[d.Table],
		key: func(column string) string {
			if name := requestTrackerNames[column]; name != "" {
				return name
			}
			return naming.CamelCase(column)
		},
		Touch: func(column string) bool { return column == "lastupdated" || column == "lastupdatedby" },
		Only:  requestTrackerOnly[d.Table],
	}
}

// requestTrackerNames are the names of columns, as its classes have them in upper and lower case,
// and of objects, by how the tables spell them.
var requestTrackerNames = spelled(`
	applicableTransTypes authToken basedOn canonicalizeClass commentAddress contentEncoding
	contentType correspondAddress customCommitCode customField customIsApplicableCode
	customPrepareCode customRole effectiveId emailAddress entryHint execModule finalPriority
	freeformContactInfo groupId homePhone immediateParentId initialPriority isMerged largeContent
	lastUpdated lastUpdatedBy lastUsed localBase localTarget lookupType maxValues memberId messageId
	mobilePhone newReference newValue nickName objectId objectType oldReference oldValue pagerPhone
	principalId principalType realName referenceType renderType rightName slaDisabled
	smimeCertificate scripAction scripCondition sortOrder subjectTag timeEstimated timeLeft timeTaken
	timeWorked transactionId uniqueValues valuesClass workPhone
`, map[string]string{
	"customfields": "customField", "customfieldvalues": "customFieldValue",
	"objectcustomfieldvalues": "objectCustomFieldValue",
})

// spelled returns the words by how they are in lower case, beside others.
func spelled(list string, others map[string]string) map[string]string {
	for word := range strings.FieldsSeq(list) {
		others[strings.ToLower(word)] = word
	}
	return others
}
