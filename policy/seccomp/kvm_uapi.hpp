#pragma once

// linux/kvm.h with right request numbers in C++. The UAPI headers of some distributions declare flexible
// arrays by way of an empty struct, which has a size in C++: kvm_cpuid2, kvm_msrs and kvm_irq_routing, and
// the requests that carry their sizes, would come out wrong. Include it before anything that includes
// linux/kvm.h.
// clang-format off: the order matters.
#include <linux/stddef.h>
#undef __DECLARE_FLEX_ARRAY
#define __DECLARE_FLEX_ARRAY(type, name) type name[0]  // what newer headers do in C++; g++ 14 takes no [] in a union
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include <linux/kvm.h>
#pragma GCC diagnostic pop
// clang-format on
static_assert(sizeof(kvm_cpuid2) == 8 && sizeof(kvm_msrs) == 8 && sizeof(kvm_irq_routing) == 8);
