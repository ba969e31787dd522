// Copyright the authors
// SPDX-License-Identifier: MIT

package a
