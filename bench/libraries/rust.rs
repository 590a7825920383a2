//! Rust's Rc and Arc of the standard library, for bench/libraries/rust.c: the loops, the making and the dropping, as a
//! static library with the C ABI that bench/libraries/peer.h describes. No crates; rustc 1.63 (Debian 12) and later.
//!
//! A handle is an Rc or an Arc as it lies in memory, one pointer. The arrays belong to the caller, which keeps to what
//! peer.h says of each function: that is what makes the dereferences below sound.
#![allow(clippy::missing_safety_doc)]

use std::arch::asm;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::rc::{self, Rc};
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{self, Arc};

/// What is counted: a value, and a destructor that tells of its death.
pub struct Value {
    value: i64,
}

thread_local! {
    static DESTROYED: Cell<u64> = const { Cell::new(0) };
}

impl Drop for Value {
    fn drop(&mut self) {
        DESTROYED.with(|count| count.set(count.get() + 1));
    }
}

#[no_mangle]
pub extern "C" fn peer_rust_destroyed() -> u64 {
    DESTROYED.with(|count| count.get())
}

/// OPAQUE of core/base/platform.h: the compiler must assume that all memory is read and written here.
#[inline(always)]
fn opaque(address: usize) {
    unsafe { asm!("/* {0} */", in(reg) address, options(nostack, preserves_flags)) }
}

/// What a handle holds: one pointer.
#[inline(always)]
fn address<H>(handle: &H) -> usize {
    unsafe { std::mem::transmute_copy::<H, usize>(handle) }
}

// ---- the ring of peer.h ------------------------------------------------------------------------------------------

const RING_CAPACITY: u64 = 512;
const HANDLE_BYTES_MAX: u64 = 16;

#[repr(C, align(128))]
struct End(AtomicU64);

#[repr(C, align(128))]
pub struct Ring {
    head: End,
    tail: End,
    items: [u64; (RING_CAPACITY * HANDLE_BYTES_MAX / 8) as usize],
}

/// For rust.c, which knows the ring of C.
#[no_mangle]
pub static PEER_RUST_RING_BYTES: usize = std::mem::size_of::<Ring>();

impl Ring {
    #[inline(always)]
    unsafe fn place<H>(ring: *mut Ring, at: u64) -> *mut H {
        std::ptr::addr_of_mut!((*ring).items).cast::<H>().add((at % RING_CAPACITY) as usize)
    }

    /// The orders are those of bench/workloads/ring_ends.h.
    #[inline(always)]
    unsafe fn push<H>(ring: *mut Ring, make: impl FnOnce() -> H) -> bool {
        let tail = (*ring).tail.0.load(Ordering::Relaxed);
        if tail - (*ring).head.0.load(Ordering::Acquire) == RING_CAPACITY {
            return false;
        }
        Ring::place::<H>(ring, tail).write(make());
        (*ring).tail.0.store(tail + 1, Ordering::Release);
        true
    }

    #[inline(always)]
    unsafe fn pop<H>(ring: *mut Ring) -> Option<H> {
        let head = (*ring).head.0.load(Ordering::Relaxed);
        if head == (*ring).tail.0.load(Ordering::Acquire) {
            return None;
        }
        let handle = Ring::place::<H>(ring, head).read();
        (*ring).head.0.store(head + 1, Ordering::Release);
        Some(handle)
    }
}

#[repr(C)]
pub struct Producer {
    next: i64,
    no_memory: bool,
}

#[repr(C)]
pub struct Consumer {
    next: i64,
    found: i64,
    wrong: bool,
}

/// The handle in a variable, for a loop that uses no other: a register, as our loops have the object's pointer in one.
/// It is the caller's still, and not counted.
#[inline(always)]
unsafe fn borrow<H>(handle: *const H) -> ManuallyDrop<H> {
    ManuallyDrop::new(handle.read())
}

// ---- the functions of struct peer, for a counted pointer and its weak one ------------------------------------------

/// A further reference, opaque to the compiler, and its drop.
macro_rules! pair {
    ($strong:expr) => {
        let reference = $strong.clone();
        let address = address(&reference);
        opaque(address);
        drop(reference);
        opaque(address);
    };
}

/// 1 when the object was there.
macro_rules! upgrade {
    ($weak:expr) => {{
        let got = match $weak.upgrade() {
            Some(reference) => {
                opaque(address(&reference));
                drop(reference);
                1
            }
            None => 0,
        };
        opaque(address($weak));
        got
    }};
}

macro_rules! functions {
    ($Strong:ty, $Weak:ty, $new:path, $downgrade:path, $strong_count:path, $make:ident, $clone:ident, $swap:ident,
     $drop:ident, $count:ident, $pair_hot:ident, $pair_set:ident, $weak_make:ident, $weak_drop:ident,
     $upgrade_hot:ident, $upgrade_set:ident) => {
        #[no_mangle]
        pub unsafe extern "C" fn $make(handles: *mut $Strong, n: u64, first: i64) -> u64 {
            for i in 0..n {
                handles.add(i as usize).write($new(Value { value: first + i as i64 }));
            }
            n
        }

        #[no_mangle]
        pub unsafe extern "C" fn $clone(to: *mut $Strong, handle: *const $Strong) {
            to.write((*handle).clone());
        }

        #[no_mangle]
        pub unsafe extern "C" fn $swap(a: *mut $Strong, b: *mut $Strong) {
            std::ptr::swap(a, b);
        }

        #[no_mangle]
        pub unsafe extern "C" fn $drop(handles: *mut $Strong, n: u64) {
            for i in 0..n {
                handles.add(i as usize).drop_in_place();
            }
        }

        #[no_mangle]
        pub unsafe extern "C" fn $count(handle: *const $Strong) -> i64 {
            $strong_count(&*handle) as i64
        }

        #[no_mangle]
        #[inline(never)]
        pub unsafe extern "C" fn $pair_hot(handle: *const $Strong, n: u64) -> u64 {
            let strong = &*borrow(handle);
            for _ in 0..n {
                pair!(strong);
            }
            n
        }

        #[no_mangle]
        #[inline(never)]
        pub unsafe extern "C" fn $pair_set(handles: *const $Strong, n: u64) -> u64 {
            for strong in slice::from_raw_parts(handles, n as usize) {
                pair!(strong);
            }
            n
        }

        #[no_mangle]
        pub unsafe extern "C" fn $weak_make(weaks: *mut $Weak, handles: *const $Strong, n: u64) {
            for i in 0..n as usize {
                weaks.add(i).write($downgrade(&*handles.add(i)));
            }
        }

        #[no_mangle]
        pub unsafe extern "C" fn $weak_drop(weaks: *mut $Weak, n: u64) {
            for i in 0..n as usize {
                weaks.add(i).drop_in_place();
            }
        }

        #[no_mangle]
        #[inline(never)]
        pub unsafe extern "C" fn $upgrade_hot(weak: *const $Weak, n: u64) -> u64 {
            let weak = &*borrow(weak);
            let mut got = 0;
            for _ in 0..n {
                got += upgrade!(weak);
            }
            got
        }

        #[no_mangle]
        #[inline(never)]
        pub unsafe extern "C" fn $upgrade_set(weaks: *const $Weak, n: u64) -> u64 {
            let mut got = 0;
            for weak in slice::from_raw_parts(weaks, n as usize) {
                got += upgrade!(weak);
            }
            got
        }
    };
}

functions!(
    Arc<Value>, sync::Weak<Value>, Arc::new, Arc::downgrade, Arc::strong_count, peer_rust_arc_make,
    peer_rust_arc_clone, peer_rust_arc_swap, peer_rust_arc_drop, peer_rust_arc_count, pair_hot__peer_rust_arc,
    pair_set__peer_rust_arc, peer_rust_arc_weak_make, peer_rust_arc_weak_drop, upgrade_hot__peer_rust_arc,
    upgrade_set__peer_rust_arc
);

functions!(
    Rc<Value>, rc::Weak<Value>, Rc::new, Rc::downgrade, Rc::strong_count, peer_rust_rc_make,
    peer_rust_rc_clone, peer_rust_rc_swap, peer_rust_rc_drop, peer_rust_rc_count, pair_hot__peer_rust_rc,
    pair_set__peer_rust_rc, peer_rust_rc_weak_make, peer_rust_rc_weak_drop, upgrade_hot__peer_rust_rc,
    upgrade_set__peer_rust_rc
);

// ---- handoff: Arc alone can go to another thread ----------------------------------------------------------------

/// Rust ends the process when there is no memory, so `no_memory` stays as it is.
#[no_mangle]
pub unsafe extern "C" fn peer_rust_arc_produce(ring: *mut Ring, producer: *mut Producer, n: u64) -> u64 {
    let producer = &mut *producer;
    let mut done = 0;
    while done < n && Ring::push(ring, || Arc::new(Value { value: producer.next })) {
        producer.next += 1;
        done += 1;
    }
    done
}

#[no_mangle]
pub unsafe extern "C" fn peer_rust_arc_consume(ring: *mut Ring, consumer: *mut Consumer, n: u64) -> u64 {
    let consumer = &mut *consumer;
    let mut done = 0;
    while done < n {
        let object = match Ring::pop::<Arc<Value>>(ring) {
            Some(object) => object,
            None => break,
        };
        if object.value != consumer.next && !consumer.wrong {
            consumer.wrong = true;
            consumer.found = object.value;
        }
        consumer.next += 1;
        drop(object);
        done += 1;
    }
    done
}
