"""How clients call workflows, and wait for them."""
