#!/usr/bin/env python3
# Copyright the authors
# SPDX-License-Identifier: MIT

print()
