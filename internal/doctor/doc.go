// Package doctor checks everything that Hookline stands on, and tells what mends what is wrong.
//
// [CheckAll] goes through one list, checks (check.go). A check has a name, the facts that it needs,
// and a method of checkup that finds; one whose facts are not known is left out, as it could say
// nothing. To add a check: write the method in the file of its subject, and give it a line in the
// list, behind what it stands on.
//
// What a check finds is a [cdc.Finding]. That type, and cdc.Problem, are at home in cdc: cdc and
// mapper, below this package, have findings too, of facts that are theirs alone. cdc.CheckTables
// explains the plan of the publication; the checks of a profile stand beside what they judge.
// cdc.Preflight, which each start makes, and the check of the server go by the same findings.
//
// Nothing is changed: connections to the CRM database are read-only.
package doctor
