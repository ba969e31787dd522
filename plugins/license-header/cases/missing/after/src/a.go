// Copyright the authors
// SPDX-License-Identifier: MIT

fn main() {}
