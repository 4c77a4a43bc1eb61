#pragma once

/// On the few functions that run once per tuple and whose being inlined decides their cost.
#define BORA_ALWAYS_INLINE [[gnu::always_inline]] inline
