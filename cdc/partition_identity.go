package cdc

import "slices"

// partitionIdentities knows the replica identities of the partitions of each published partitioned
// table, as far as the connection has described them.
//
// Changes of partitions come under the partitioned table's name. So do the letter before an old row
// and the identity in the description of the table. Which columns such a row holds is another
// matter: that goes by the identity of the partition that the row lies in, which need not be the
// same. Which partition that is, a change does not say. But the server describes a partition before
// the first change of it, and again after each change of its definition: right behind the
// partitioned table, and right before the change.
//
// https://github.com/postgres/postgres/blob/master/src/backend/replication/pgoutput/pgoutput.c
// (maybe_send_schema)
type partitionIdentities struct {
	described []*Relation // since the last change
	of        map[uint32]*partitioned
}

// partitioned is a partitioned table.
type partitioned struct {
	leaves     map[uint32]*replicaIdentity // by OID
	identities []*replicaIdentity          // the distinct ones among them
}

// replicaIdentity is a replica identity that partitions have in common: what their old rows hold.
type replicaIdentity struct {
	full    bool
	columns []string // sorted, unless it is full: partitions have their own order of columns
	leaves  int      // that have it
}

func identityOf(leaf *Relation) *replicaIdentity {
	id := &replicaIdentity{full: leaf.Full()}
	for _, c := range leaf.Columns {
		if c.Identity && !id.full {
			id.columns = append(id.columns, c.Name)
		}
	}
	slices.Sort(id.columns)
	return id
}

func (id *replicaIdentity) equal(other *replicaIdentity) bool {
	return id.full == other.full && slices.Equal(id.columns, other.columns)
}

func (id *replicaIdentity) holds(column string) bool {
	_, found := slices.BinarySearch(id.columns, column)
	return id.full || found
}

// describe notes that the server has described a table.
func (p *partitionIdentities) describe(rel *Relation) { p.described = append(p.described, rel) }

// discard drops the descriptions that were sent for something else than a change of a row.
func (p *partitionIdentities) discard() { p.described = p.described[:0] }

// match finds out which tables those are that have been described before a change of rel. It
// returns the OID of a partition that was not known before, else 0.
func (p *partitionIdentities) match(rel *Relation) (first uint32) {
	n := len(p.described)
	if n >= 2 && p.described[n-2] == rel {
		rel.Partitioned = true // nobody has seen it yet
		leaf := p.described[n-1]
		if !p.knows(rel.OID, leaf.OID) {
			first = leaf.OID
		}
		p.add(rel.OID, leaf)
	}
	p.discard()
	return first
}

// knows reports whether a partition has been described.
func (p *partitionIdentities) knows(root, leaf uint32) bool {
	of := p.of[root]
	return of != nil && of.leaves[leaf] != nil
}

func (p *partitionIdentities) add(root uint32, leaf *Relation) {
	if p.of == nil {
		p.of = map[uint32]*partitioned{}
	}
	of := p.of[root]
	if of == nil {
		of = &partitioned{leaves: map[uint32]*replicaIdentity{}}
		p.of[root] = of
	}
	of.set(leaf.OID, identityOf(leaf))
}

func (p *partitioned) set(leaf uint32, now *replicaIdentity) {
	if was := p.leaves[leaf]; was != nil {
		if was.leaves--; was.leaves == 0 {
			p.identities = slices.DeleteFunc(p.identities, func(id *replicaIdentity) bool {
				return id == was
			})
		}
	}
	i := slices.IndexFunc(p.identities, now.equal)
	if i < 0 {
		i = len(p.identities)
		p.identities = append(p.identities, now)
	}
	p.identities[i].leaves++
	p.leaves[leaf] = p.identities[i]
}

// oldIsWhole reports whether an old row holds all columns, and makes those unchanged of which it
// does not tell what they held. letter is what the server has put before it.
func (p *partitionIdentities) oldIsWhole(rel *Relation, old Tuple, letter byte) bool {
	if rel.Partitioned {
		return p.of[rel.OID].oldIsWhole(rel, old)
	}
	if letter == 'O' {
		return true
	}
	for i := range old {
		if old[i].IsNull() && !rel.Columns[i].Identity {
			old[i] = Unchanged()
		}
	}
	return false
}

// oldIsWhole is that of partitions. A value that is there rules out the identities that would not
// hold it. Where all that are left are full, it is the whole row; else a null may be a column that
// was left out.
func (p *partitioned) oldIsWhole(rel *Relation, old Tuple) bool {
	whole := true
	for _, id := range p.identities {
		if id.full || !id.fits(rel, old) {
			continue
		}
		whole = false
		for i := range old {
			if old[i].IsNull() && !id.holds(rel.Columns[i].Name) {
				old[i] = Unchanged()
			}
		}
	}
	return whole
}

// fits reports whether an old row may be one of a partition with this identity.
func (id *replicaIdentity) fits(rel *Relation, old Tuple) bool {
	for i := range old {
		if old[i].Bytes() != nil && !id.holds(rel.Columns[i].Name) {
			return false
		}
	}
	return true
}
