"""The methods that make a map: from activations and gradients alone, or by running the network again."""
