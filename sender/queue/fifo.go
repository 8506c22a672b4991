package queue

// fifo is a list, first in, first out, of what links to the next one. The zero value is empty.
type fifo[T linked[T]] struct{ first, last T }

// linked is a pointer to what can be in one fifo at a time.
type linked[T any] interface {
	comparable
	link() *T // where the next one stands
}

func (f *fifo[T]) push(x T) {
	var none T
	if f.first == none {
		f.first = x
	} else {
		*f.last.link() = x
	}
	f.last = x
}

// unpop puts x back at the front.
func (f *fifo[T]) unpop(x T) {
	if *x.link() = f.first; f.first == *new(T) {
		f.last = x
	}
	f.first = x
}

// remove takes x out, wherever it is.
func (f *fifo[T]) remove(x T) {
	var rest fifo[T]
	for y := f.pop(); y != *new(T); y = f.pop() {
		if y != x {
			rest.push(y)
		}
	}
	*f = rest
}

// pop returns nil when the list is empty.
func (f *fifo[T]) pop() T {
	var none T
	x := f.first
	if x != none {
		f.first, *x.link() = *x.link(), none
	}
	return x
}
