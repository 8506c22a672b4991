// Package socket reads and writes TCP connections at less cost than package net.
package socket
